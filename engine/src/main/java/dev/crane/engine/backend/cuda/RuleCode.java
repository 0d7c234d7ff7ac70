package dev.crane.engine.backend.cuda;

import java.util.Locale;

import dev.crane.engine.relevance.Rule;

/** The device functions of a rule that is given by its numbers alone, as {@code rules/gradient.cuh} lists them. */
final class RuleCode {
    private RuleCode() {
    }

    static String of(Rule rule) {
        return """
                #ifndef CRANE_RULE_CUH
                #define CRANE_RULE_CUH
                namespace rule {
                __device__ inline float norm(float g, float x, float mean) { return %s; }
                constexpr bool norm_reads_input = %s;
                __device__ inline float activation(float x, float y, float ratio, float derivative) { return %s; }
                __device__ inline float gate(float product, float act, float up) { return %s * product * up; }
                __device__ inline float up(float product, float act, float up) { return %s * product * act; }
                constexpr float attention_query = %s;
                constexpr float attention_key = %s;
                constexpr float attention_value = %s;
                __device__ inline float softcap(float ratio, float derivative) { return %s; }
                __device__ inline float linear(float z, float gradient) { return gradient; }
                constexpr bool linear_changes = false;
                } // namespace rule
                #endif
                """.formatted(rule.detachNorm() ? "g" : "g - x * mean", !rule.detachNorm(), rule.activationRatio() ? "ratio" : "derivative",
                number(rule.gateShare()), number(rule.upShare()), number(rule.queryFactor()), number(rule.keyFactor()),
                number(rule.valueFactor()),
                rule.softcapRatio() ? "ratio" : "derivative");
    }

    /** Every bit of it. */
    private static String number(float value) {
        return String.format(Locale.ROOT, "%.9gf", value);
    }
}
