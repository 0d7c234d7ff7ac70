package dev.crane.analysis.evaluate;

import java.util.Arrays;

import dev.crane.engine.CraneException;

/**
 * Tokens whose log-probability is asked for, behind the tokens that come before them.
 *
 * @param ids context and continuation, end to end
 * @param first index of the first token that is scored, at least 1; {@code ids.length} where none is
 * @param origin where the tokens come from, for messages: {@code tasks/word_order_en.jsonl: line 7}
 */
public record TokenRequest(int[] ids, int first, String origin) {
    /** Checks the bounds. */
    public TokenRequest {
        if (first < 1 || first > ids.length)
            throw new IllegalArgumentException("first " + first + " of " + ids.length);
    }

    /** How many tokens are scored. */
    public int scored() {
        return ids.length - first;
    }

    /**
     * Context and continuation cut to what a model can read, as lm-evaluation-harness does: the last {@code maxLength + 1} tokens stay, of which the
     * last is only predicted.
     *
     * @param context at least one token
     * @param maxLength the longest input of the model, in tokens
     */
    public static TokenRequest of(int[] context, int[] continuation, int maxLength, String origin) {
        if (continuation.length > maxLength)
            throw new CraneException(origin + ": a continuation of " + continuation.length + " tokens is longer than the model can read ("
                    + maxLength + "); shorten it");
        int kept = Math.min(context.length, maxLength + 1 - continuation.length);
        int[] ids = Arrays.copyOf(Arrays.copyOfRange(context, context.length - kept, context.length), kept + continuation.length);
        System.arraycopy(continuation, 0, ids, kept, continuation.length);
        return new TokenRequest(ids, kept, origin);
    }
}
