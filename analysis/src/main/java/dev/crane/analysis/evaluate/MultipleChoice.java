package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * How the choices of a question become token requests, one each, as in lm-evaluation-harness (0.4): the context's white space at its end belongs to the
 * continuation; behind an empty context stands the token that begins a text, or where the tokenizer has none the one that ends it; what is longer than the
 * model can read loses tokens from the left.
 */
public final class MultipleChoice {
    private final Tokenizer tokenizer;
    private final int maxLength;

    /** @param maxLength the longest input of the model, in tokens; what is longer loses tokens of its context from the left */
    public MultipleChoice(Tokenizer tokenizer, int maxLength) {
        this.tokenizer = tokenizer;
        this.maxLength = maxLength;
    }

    /** One request for each choice. */
    public List<TokenRequest> requests(Task task, ChoiceItem item) {
        List<TokenRequest> requests = new ArrayList<>();
        for (String choice : item.choices())
            requests.add(request(item.context(), task.delimiter() + choice, task.encoding(), task.origin(item)));
        return requests;
    }

    /** A continuation that follows a context, encoded likewise. */
    public TokenRequest request(String context, String continuation, String origin) {
        return request(context, continuation, Task.Encoding.HARNESS, origin);
    }

    private TokenRequest request(String context, String continuation, Task.Encoding encoding, String origin) {
        if (context.isEmpty()) {
            int prefix = prefix(origin);
            int[] ids = tokenizer.encode(continuation, false);
            boolean given = ids.length > 0 && ids[0] == prefix;
            return TokenRequest.of(new int[]{prefix}, given ? Arrays.copyOfRange(ids, 1, ids.length) : ids, maxLength, origin);
        }
        int end = context.length();
        while (end > 0 && isSpace(context.codePointBefore(end)))
            end -= Character.charCount(context.codePointBefore(end));
        int[] whole = tokenizer.encode(context + continuation, true);
        int[] before = tokenizer.encode(context.substring(0, end), true);
        int split = Math.min(before.length, whole.length);
        // A context of white space only, with a tokenizer that puts nothing in front, leaves no token to predict from.
        if (split == 0)
            return TokenRequest.of(new int[]{prefix(origin)}, whole, maxLength, origin);
        int[] read = encoding == Task.Encoding.HARNESS ? before : Arrays.copyOf(whole, split);
        return TokenRequest.of(read, Arrays.copyOfRange(whole, split, whole.length), maxLength, origin);
    }

    private int prefix(String origin) {
        return prefix(tokenizer, origin);
    }

    /** The token that stands in front of a text without a context. */
    static int prefix(Tokenizer tokenizer, String origin) {
        OptionalInt prefix = tokenizer.bosId().isPresent() ? tokenizer.bosId() : tokenizer.eosId();
        return prefix.orElseThrow(() -> new CraneException(
                origin + ": the context is empty, and the tokenizer has no token that begins or ends a text; give a context"));
    }

    /** What Python's {@code str.isspace} calls white space. */
    private static boolean isSpace(int codePoint) {
        return Character.isWhitespace(codePoint) || Character.isSpaceChar(codePoint) || codePoint == 0x85;
    }
}
