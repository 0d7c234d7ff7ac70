package dev.crane.engine.relevance;

import java.util.List;
import java.util.regex.Pattern;

import dev.crane.engine.CraneException;

/**
 * The device functions of a user's rule: what {@code kernels/src/main/cuda/rules/gradient.cuh} lists, in {@code namespace rule}.
 *
 * @param file what messages call their file
 * @param text CUDA C++
 */
public record DeviceFunctions(String file, String text) {
    private static final Pattern COMMENTS = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final List<String> FUNCTIONS = List.of("norm", "activation", "gate", "up", "softcap");
    private static final List<String> CONSTANTS = List.of("attention_query", "attention_key", "attention_value");

    /** Those that may be left out, each with what stands for it then. */
    private enum Optional {
        NORM_READS_INPUT("\\bnorm_reads_input\\b", "constexpr bool norm_reads_input = true;"), LINEAR("\\blinear\\s*\\(",
                "__device__ inline float linear(float z, float gradient) { return gradient; }"), LINEAR_CHANGES("\\blinear_changes\\b",
                        "constexpr bool linear_changes = false;");

        private final Pattern name;
        private final String otherwise;

        Optional(String name, String otherwise) {
            this.name = Pattern.compile(name);
            this.otherwise = otherwise;
        }
    }

    /** Checks that nothing is missing; what is wrong otherwise the compiler says. */
    public DeviceFunctions {
        String code = COMMENTS.matcher(text).replaceAll(" ");
        for (String name : FUNCTIONS)
            if (!Pattern.compile("\\b" + name + "\\s*\\(").matcher(code).find())
                throw new CraneException(
                        file + ": the device function rule::" + name + " is missing; crane rule new NAME writes all of them");
        for (String name : CONSTANTS)
            if (!Pattern.compile("\\b" + name + "\\b").matcher(code).find())
                throw new CraneException(file + ": the constant rule::" + name + " is missing; crane rule new NAME writes all of them");
    }

    /**
     * What the kernels are compiled with in place of {@code rule.cuh}: compilers name the user's own file and lines.
     *
     * @param twin the Java twin; where the two do not agree on what is read or run at all, the code does not compile
     */
    public String code(Rule twin) {
        String code = COMMENTS.matcher(text).replaceAll(" ");
        StringBuilder all = new StringBuilder("#ifndef CRANE_USER_RULE_CUH\n#define CRANE_USER_RULE_CUH\n");
        all.append("#line 1 \"").append(file.replace("\\", "/").replace("\"", "")).append("\"\n").append(text);
        all.append("\n#line 1 \"what a rule may leave out\"\nnamespace rule {\n");
        for (Optional optional : Optional.values())
            if (!optional.name.matcher(code).find())
                all.append(optional.otherwise).append('\n');
        all.append("}\n#line 1 \"").append(file.replace("\\", "/").replace("\"", "")).append(" against its Java twin\"\n");
        assertSame(all, "rule::norm_reads_input", "norm_reads_input", twin.normReadsInput(), "normReadsInput()");
        assertSame(all, "rule::linear_changes", "linear_changes", twin.linearChanges(), "linearChanges()");
        assertSame(all, "(rule::attention_query == 0.f && rule::attention_key == 0.f)", "attention_query and attention_key both 0",
                twin.detachesScores(), "the same of attentionQuery() and attentionKey()");
        return all.append("#endif\n").toString();
    }

    private static void assertSame(StringBuilder code, String device, String name, boolean value, String method) {
        code.append("static_assert(").append(device).append(" == ").append(value).append(", \"").append(name).append(" here, but ")
                .append(method).append(" is ").append(value).append("\");\n");
    }
}
