package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * A text longer than the model reads at once, cut into windows whose predictions are disjoint: every token but the first is predicted exactly once,
 * with as many tokens before it as its window holds. The first window predicts all its tokens but the first (the one that begins a text); a later
 * one is as long and ends where its predictions end. lm-evaluation-harness's {@code get_rolling_token_windows} with a context of one token.
 */
public final class RollingWindows {
    private RollingWindows() {
    }

    /**
     * The windows in which lm-evaluation-harness scores a text: in front stands the token that begins a text (else the one that ends it), whether or not the
     * tokenizer puts one there too.
     *
     * @param maxLength the longest input of the model, in tokens
     */
    public static List<TokenRequest> ofHarness(String text, Tokenizer tokenizer, int maxLength, String origin) {
        int prefix = MultipleChoice.prefix(tokenizer, origin);
        int[] encoded = tokenizer.encode(text, true);
        if (encoded.length == 0)
            throw new CraneException(origin + " becomes no token at all; delete it");
        int[] ids = new int[encoded.length + 1];
        ids[0] = prefix;
        System.arraycopy(encoded, 0, ids, 1, encoded.length);
        return of(ids, maxLength + 1, origin);
    }

    /**
     * The windows of a text.
     *
     * @param ids the text's tokens, the one that begins a text first
     * @param window the longest window, in tokens, at least 2
     */
    public static List<TokenRequest> of(int[] ids, int window, String origin) {
        if (window < 2)
            throw new IllegalArgumentException("a window of " + window);
        List<TokenRequest> windows = new ArrayList<>();
        int predicted = 1;
        do {
            int end = Math.min(ids.length, predicted + window - 1);
            int start = Math.max(0, end - window);
            windows.add(new TokenRequest(Arrays.copyOfRange(ids, start, end), predicted - start, origin));
            predicted = end;
        } while (predicted < ids.length);
        return windows;
    }
}
