package dev.crane.engine.relevance;

import java.util.Arrays;

import dev.crane.engine.CraneException;

/** The number per sample that the backward pass starts from. Positions t count from 0 within the sample; a sample of length 1 has no target. */
public sealed interface Target {
    /** Mean over t &lt; T − 1 of the raw logit of the true next token; the default. */
    record MeanLogit() implements Target {}

    /** Mean over t &lt; T − 1 of the log-probability of the true next token. */
    record MeanLogprob() implements Target {}

    /** The largest raw logit at the last position; defined for a sample of length 1 too. */
    record LastLogit() implements Target {}

    /** Mean over t &lt; T − 1 of the raw logit of the true next token minus that of the most likely other token. */
    record Contrastive() implements Target {}

    /**
     * Mean of the raw logit of the true next token over given positions only.
     *
     * @param positions ascending; those at or after a sample's last token are left out
     */
    record AtPositions(int[] positions) implements Target {}

    /**
     * The logit of one token at one position, or how far it lies above another token's: what patching is usually judged by.
     *
     * @param position from 0, or from the end: −1 is the sample's last. A pass over a sample without it is refused
     * @param token its logit counts
     * @param against its logit is subtracted; −1 for none
     */
    record TokenLogit(int position, int token, int against) implements Target {}

    /**
     * The target of a name as in {@code --target}: mean-logit, mean-logprob, last-logit, contrastive, {@code positions:3,7}, or {@code logit:-1:15:27}
     * (at the last position the logit of token 15 minus that of token 27, which may be left out).
     */
    static Target named(String name) {
        return switch (name) {
            case "mean-logit" -> new MeanLogit();
            case "mean-logprob" -> new MeanLogprob();
            case "last-logit" -> new LastLogit();
            case "contrastive" -> new Contrastive();
            default -> {
                if (name.matches("logit:-?\\d{1,6}(:\\d{1,9}){1,2}")) {
                    String[] parts = name.split(":");
                    yield new TokenLogit(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]),
                            parts.length == 4 ? Integer.parseInt(parts[3]) : -1);
                }
                if (!name.matches("positions:\\d{1,6}(,\\d{1,6})*"))
                    throw new CraneException(
                            "unknown target '" + name
                                    + "'; the targets are mean-logit, mean-logprob, last-logit, contrastive, positions:P,P,…, logit:P:TOKEN:TOKEN");
                yield new AtPositions(
                        Arrays.stream(name.substring(10).split(",")).mapToInt(Integer::parseInt).sorted().distinct().toArray());
            }
        };
    }

    /** The name that {@link #named} takes. */
    default String label() {
        return switch (this) {
            case MeanLogit t -> "mean-logit";
            case MeanLogprob t -> "mean-logprob";
            case LastLogit t -> "last-logit";
            case Contrastive t -> "contrastive";
            case TokenLogit t -> "logit:" + t.position() + ":" + t.token() + (t.against() < 0 ? "" : ":" + t.against());
            case AtPositions t ->
                "positions:" + String.join(",", Arrays.stream(t.positions()).mapToObj(Integer::toString).toList());
        };
    }
}
