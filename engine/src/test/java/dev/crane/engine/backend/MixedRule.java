package dev.crane.engine.backend;

import dev.crane.engine.relevance.DeviceFunctions;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.UserRule;

/** A rule as a user may write it, each of whose functions differs from all of the built-in rules' and is told by no coefficients. */
final class MixedRule implements Rule {
    static final Rule RULE = new UserRule(new MixedRule(), new DeviceFunctions("MixedRule.cuh", """
            namespace rule {
            __device__ inline float norm(float g, float x, float mean) { return 0.75f * g - 0.5f * x * mean; }
            __device__ inline float activation(float x, float y, float ratio, float derivative) {
                return 0.25f * ratio + 0.75f * derivative + 0.125f * y * x;
            }
            __device__ inline float gate(float product, float act, float up) { return 0.25f * product * (up + act); }
            __device__ inline float up(float product, float act, float up) { return product * (act - 0.5f * up); }
            constexpr float attention_query = 0.5f;
            constexpr float attention_key = 0.f;
            constexpr float attention_value = 2.f;
            __device__ inline float softcap(float ratio, float derivative) { return 0.5f * (ratio + derivative); }
            __device__ inline float linear(float z, float gradient) { return gradient * z / (z + (z < 0.f ? -0.1f : 0.1f)); }
            constexpr bool linear_changes = true;
            }
            """), "MixedRule.java", "");

    @Override
    public String name() {
        return "mixed";
    }

    @Override
    public String description() {
        return "For tests.";
    }

    @Override
    public float norm(float g, float x, float mean) {
        return 0.75f * g - 0.5f * x * mean;
    }

    @Override
    public float activation(float x, float y, float ratio, float derivative) {
        return 0.25f * ratio + 0.75f * derivative + 0.125f * y * x;
    }

    @Override
    public float gate(float product, float act, float up) {
        return 0.25f * product * (up + act);
    }

    @Override
    public float up(float product, float act, float up) {
        return product * (act - 0.5f * up);
    }

    @Override
    public float attentionQuery() {
        return 0.5f;
    }

    @Override
    public float attentionKey() {
        return 0;
    }

    @Override
    public float attentionValue() {
        return 2;
    }

    @Override
    public float softcap(float ratio, float derivative) {
        return 0.5f * (ratio + derivative);
    }

    @Override
    public float linear(float z, float gradient) {
        return gradient * z / (z + (z < 0 ? -0.1f : 0.1f));
    }

    @Override
    public boolean linearChanges() {
        return true;
    }
}
