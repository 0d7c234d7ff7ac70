package dev.crane.engine.backend;

import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;

/** Prints a digest of what the CPU backend computes for each case of {@link OpCases}; for comparison between virtual machines. */
final class OpDigest {
    private static final Pattern FEW = Pattern.compile(
            """
                    (embed|targetLogits|targetLogitsBackward) F16|(add|edit|editBackward|softcap|rmsNorm|rmsNorm, residual, weight offset|layerNorm|layerNorm, residual, no bias) 37\
                    |(linear|linearBackwardInput) BF16 .33, 5. 7|(rmsNorm|layerNorm)Backward, gradient 37|rope .2, 24, 12.|activation [A-Z_]* 37, edited|gatedActivation [A-Z_]* 37, edited act\
                    |(gatedA|a)ctivationBackward [A-Z_]* 37, (gradient|attnlrp)|(tokenLogprobs|logprobBackward) 50|segment.* 37|row.* 37\
                    |attention.*softcap and window(, gradient|)""");

    private OpDigest() {
    }

    /** @param arguments "few", or none for all cases */
    public static void main(String[] arguments) {
        try (TestBackend cpu = TestBackend.cpu(1)) {
            OpCases.all().filter(test -> arguments.length == 0 || isOneOfFew(test))
                    .forEach(test -> System.out.println(test.name() + ": " + digest(test, cpu)));
        }
    }

    /** Small cases, each op among them, for the interpreter, which needs a microsecond for a vector operation and more. */
    static boolean isOneOfFew(OpCase test) {
        return FEW.matcher(test.name()).matches();
    }

    /** Hash of all outputs' bits. */
    static int digest(OpCase test, TestBackend cpu) {
        int digest = 0;
        for (Map.Entry<String, OpCase.Output> output : test.run(cpu, test.all()).entrySet())
            digest = 31 * digest + output.getKey().hashCode() + Arrays.hashCode(output.getValue().values());
        return digest;
    }
}
