package dev.crane.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What {@code crane rule new} writes: AttnLRP with uneven halves of gate × up, which nobody needs, but which works.
 *
 * @param name the rule's name
 */
record RuleTemplate(String name) {
    /** The name as that of a Java class. */
    String className() {
        return Arrays.stream(name.split("-")).map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining());
    }

    /** The Java twin. */
    String java() {
        return """
                import dev.crane.engine.relevance.Rule;

                /**
                 * What each function means: https://arxiv.org/abs/2402.05602 for the idea, docs/write-a-rule.md for the list. The device functions of the same names
                 * stand in CLASS.cuh; `crane rule check NAME --rule-path DIR` compares them. crane compiles this file where the JDK has its compiler; otherwise:
                 *     javac -cp engine/target/classes CLASS.java
                 */
                public final class CLASS implements Rule {
                    /** The gate's share of the relevance of gate × up; the rest goes to up. */
                    private static final float GATE = 0.25f;

                    @Override
                    public String name() {
                        return "NAME";
                    }

                    @Override
                    public String description() {
                        return "AttnLRP with a quarter of the relevance of gate × up to the gate.";
                    }

                    @Override
                    public float norm(float g, float x, float mean) {
                        return g; // 1/σ is a constant; the gradient would be g - x * mean
                    }

                    @Override
                    public boolean normReadsInput() {
                        return false;
                    }

                    @Override
                    public float activation(float x, float y, float ratio, float derivative) {
                        return ratio; // y/x
                    }

                    @Override
                    public float gate(float product, float act, float up) {
                        return GATE * product * up;
                    }

                    @Override
                    public float up(float product, float act, float up) {
                        return (1 - GATE) * product * act;
                    }

                    @Override
                    public float attentionQuery() {
                        return 0.25f;
                    }

                    @Override
                    public float attentionKey() {
                        return 0.25f;
                    }

                    @Override
                    public float attentionValue() {
                        return 0.5f;
                    }

                    @Override
                    public float softcap(float ratio, float derivative) {
                        return ratio;
                    }
                }
                """
                .replace("CLASS", className()).replace("NAME", name);
    }

    /** The device functions. */
    String device() {
        return """
                // Device functions of the rule NAME; CLASS.java is their twin. docs/write-a-rule.md says what each means.
                namespace rule {

                constexpr float gate_share = 0.25f;

                __device__ inline float norm(float g, float x, float mean) { return g; }
                constexpr bool norm_reads_input = false; // of norm: x and mean

                __device__ inline float activation(float x, float y, float ratio, float derivative) { return ratio; }

                __device__ inline float gate(float product, float act, float up) { return gate_share * product * up; }
                __device__ inline float up(float product, float act, float up) { return (1.f - gate_share) * product * act; }

                constexpr float attention_query = 0.25f;
                constexpr float attention_key = 0.25f;
                constexpr float attention_value = 0.5f;

                __device__ inline float softcap(float ratio, float derivative) { return ratio; }

                } // namespace rule
                """.replace("CLASS", className()).replace("NAME", name);
    }
}
