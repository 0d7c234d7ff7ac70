package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code logprobs.cu}: log-probabilities of tokens under the softmax of rows of logits, and their gradient. */
public final class Logprobs {
    private final Instances forward;
    private final Instances backward;

    /** Loads nothing yet. */
    public Logprobs(KernelLibrary library) {
        forward = new Instances(library, "logprobs", POINTER, POINTER, INT, POINTER, POINTER);
        backward = new Instances(library, "logprobs", POINTER, POINTER, POINTER, INT);
    }

    /**
     * @param logits [M, vocabulary] f32 or bf16
     * @param tokens address of [M] ints
     * @param logprobs address of [M] f32
     * @param greedy address of [M] ints: each row's first largest logit
     */
    public void launch(Stream stream, Matrix logits, long tokens, long logprobs, long greedy) {
        forward.of("token_logprobs", logits.type()).pointer(logits.address()).pointer(tokens).integer(logits.columns()).pointer(logprobs)
                .pointer(greedy).launch(stream, logits.rows(), threads(logits), 0);
    }

    /**
     * In place: coefficients[i] · (1[v = tokens[i]] − softmax(logits[i, :])[v]).
     *
     * @param coefficients address of [M] f32
     */
    public void backward(Stream stream, Matrix logits, long tokens, long coefficients) {
        backward.of("logprob_backward", logits.type()).pointer(logits.address()).pointer(tokens).pointer(coefficients)
                .integer(logits.columns()).launch(stream, logits.rows(), threads(logits), 0);
    }

    private static int threads(Matrix logits) {
        return Instances.rowThreads(logits.columns(), Instances.vector(logits.type()));
    }
}
