package dev.crane.engine;

import java.util.List;

import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.InterventionSet;

/**
 * What a forward pass shall give. Everything is checked before the pass: an unknown hook point or unit is an error, never a silent no-op.
 *
 * @param output what is computed from the last hidden state
 * @param captures what is read on the way
 * @param interventions the distinct sets of interventions in use
 * @param interventionOf for each sequence the index of its set, −1 for none; null: none for all
 * @param firstScored with NEXT_LOGPROBS, for each sequence the first token (from 1) whose log-probability is wanted, at most the sequence's length
 *        (then none is); null: token 1 for all. Tokens before it are not multiplied with the vocabulary
 */
public record ForwardRequest(Output output, List<Capture> captures, List<InterventionSet> interventions, int[] interventionOf,
        int[] firstScored) {
    /** What is computed from the last hidden state. */
    public enum Output {
        /** Nothing. */
        NONE,
        /** Logits at the last position of each sequence. */
        LAST_LOGITS,
        /** Logits at every position. */
        ALL_LOGITS,
        /** Log-probability of each next token, and whether it is the most likely one. A sequence may have one token more than the model positions. */
        NEXT_LOGPROBS
    }

    /** A request that scores all tokens. */
    public ForwardRequest(Output output, List<Capture> captures, List<InterventionSet> interventions, int[] interventionOf) {
        this(output, captures, interventions, interventionOf, null);
    }

    /** The same request, scoring only the tokens from {@code firstScored[b]} on in sequence b. */
    public ForwardRequest scoringFrom(int[] firstScored) {
        return new ForwardRequest(output, captures, interventions, interventionOf, firstScored);
    }

    /** Output only, of the unchanged model. */
    public static ForwardRequest of(Output output) {
        return new ForwardRequest(output, List.of(), List.of(), null);
    }

    /** Output only, every sequence under its own set of interventions (−1: unchanged). */
    public static ForwardRequest of(Output output, List<InterventionSet> interventions, int[] interventionOf) {
        return new ForwardRequest(output, List.of(), interventions, interventionOf);
    }
}
