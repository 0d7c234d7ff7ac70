package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * How well a model predicts some texts.
 *
 * @param documents how many texts
 * @param tokens how many tokens were predicted
 * @param bytes how many bytes of UTF-8 they stand for; −1 where that is not known
 * @param logprob sum of their log-probabilities, natural log
 */
public record Perplexity(int documents, long tokens, long bytes, double logprob) {
    /** Over all texts together, each token counting the same. */
    public static Perplexity of(List<DocumentResult> documents) {
        long tokens = 0;
        long bytes = 0;
        double logprob = 0;
        for (DocumentResult document : documents) {
            tokens += document.tokens();
            bytes = bytes < 0 || document.bytes() < 0 ? -1 : bytes + document.bytes();
            logprob += document.logprob();
        }
        return new Perplexity(documents.size(), tokens, bytes, logprob);
    }

    /** Mean negative log-likelihood, in nats a token. */
    public double natsPerToken() {
        return -logprob / tokens;
    }

    /** exp of the mean negative log-likelihood a token. */
    public double perplexity() {
        return Math.exp(natsPerToken());
    }

    /** Bits a byte of text: unlike a perplexity it compares across tokenizers. NaN where the bytes are not known. */
    public double bitsPerByte() {
        return bytes < 0 ? Double.NaN : -logprob / Math.log(2) / bytes;
    }
}
