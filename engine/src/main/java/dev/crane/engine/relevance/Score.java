package dev.crane.engine.relevance;

import dev.crane.engine.CraneException;

/** What is read per unit, for an output row i of a linear layer z = W x with upstream gradient δ, summed over the tokens t of a sample. */
public enum Score {
    /** Σ_t z_it · δ_it = Σ_j W_ij · ∂f/∂W_ij; also defined at sites that are not linear outputs. */
    RELEVANCE("relevance"),
    /** Σ_t δ_it · Σ_j x_tj = Σ_j ∂f/∂W_ij: what the CRANE authors' scripts compute. Linear outputs only. */
    ROW_GRADIENT("row-gradient");

    private final String label;

    Score(String label) {
        this.label = label;
    }

    /** As in {@code --score}. */
    public String label() {
        return label;
    }

    /** The score of this label; an unknown one is a user's error. */
    public static Score named(String label) {
        for (Score score : values())
            if (score.label.equals(label))
                return score;
        throw new CraneException("unknown score '" + label + "'; the scores are relevance, row-gradient");
    }
}
