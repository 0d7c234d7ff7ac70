package dev.crane.analysis.corpus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;

import dev.crane.models.tokenizer.Tokenizer;

/**
 * How documents become token ids.
 *
 * @param tokenizer the model's, or null where there is none and documents hold ids
 * @param encoder what makes a text into ids: the tokenizer's {@link Tokenizer#encodeWithBos}, or another that uses it, for a chat
 * @param vocabularySize the rows of the model's embedding; every id must be below
 * @param maxTokens a longer document loses its end
 */
public record Tokenization(Tokenizer tokenizer, Function<String, int[]> encoder, int vocabularySize, int maxTokens) {
    /** Checks the sizes. */
    public Tokenization {
        if (vocabularySize < 1 || maxTokens < 1) {
            throw new IllegalArgumentException("vocabulary of " + vocabularySize + ", at most " + maxTokens + " tokens");
        }
    }

    /** Texts as the tokenizer encodes them. */
    public Tokenization(Tokenizer tokenizer, int vocabularySize, int maxTokens) {
        this(tokenizer, tokenizer == null ? null : tokenizer::encodeWithBos, vocabularySize, maxTokens);
    }

    /**
     * The ids of a document, uncut: its own where it has any; else its text's, behind the token that begins a text
     * ({@link Tokenizer#encodeWithBos}).
     */
    int[] ids(Document document, DocumentSource source) {
        int[] ids = document.ids();
        if (ids == null) {
            if (encoder == null) {
                throw source.error("holds text, and the model has no tokenizer; give lines of {\"ids\": […]}");
            }
            ids = encoder.apply(document.text());
        }
        for (int id : ids) {
            if (id < 0 || id >= vocabularySize) {
                throw source.error("has the token id " + id + ", and the model's vocabulary ends at " + (vocabularySize - 1)
                        + "; was it made for another model?");
            }
        }
        if (ids.length == 0) {
            throw source.error("becomes no token at all; delete it");
        }
        return ids;
    }

    /** The sample of a document whose ids, uncut, are {@code ids}. */
    Sample sample(Document document, int[] ids) {
        boolean whole = ids.length <= maxTokens;
        if (whole && document.text() != null) {
            return new Sample(document.line(), ids, document.text().getBytes(StandardCharsets.UTF_8).length);
        }
        int[] kept = whole ? ids : Arrays.copyOf(ids, maxTokens);
        long bytes = tokenizer == null ? -1 : Arrays.stream(kept).mapToLong(tokenizer::byteLength).sum();
        return new Sample(document.line(), kept, bytes);
    }
}
