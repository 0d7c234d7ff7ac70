package dev.crane.analysis.collect;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.engine.relevance.UserRule;

/** A number that every unit gets from every sample. Numbers of different quantities do not compare. Two quantities are the same if their labels are. */
public sealed interface Quantity {
    /**
     * What the unit carries of a target: from one forward and one backward pass.
     *
     * @param rule how backward is modified
     * @param target where backward starts
     * @param score what is read per unit
     */
    record Relevance(Rule rule, Target target, Score score) implements Quantity {
        /** AttnLRP, mean raw logit, relevance: what the CRANE paper scores by. */
        public static final Relevance CRANE = new Relevance(Rule.ATTNLRP, new Target.MeanLogit(), Score.RELEVANCE);

        @Override
        public String label() {
            return rule.name() + "." + target.label().replace(':', '-').replace(',', '-') + "." + score.label();
        }

        @Override
        public String name() {
            return score.label();
        }

        @Override
        public String pass() {
            return rule.name() + " " + target.label();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Quantity that && label().equals(that.label());
        }

        @Override
        public int hashCode() {
            return label().hashCode();
        }
    }

    /**
     * What the unit does: its values reduced over the tokens of the sample, from one forward pass.
     *
     * @param reduction how
     */
    record Activation(Reduction reduction) implements Quantity {
        private static final String PASS = "forward";

        @Override
        public String label() {
            return "activation." + name();
        }

        @Override
        public String name() {
            return reduction.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        @Override
        public String pass() {
            return PASS;
        }
    }

    /**
     * What a neuron of the MLP adds to the residual stream over the tokens of the sample: the Frobenius norm of the outer product of its values and its
     * column of the down projection, ‖n_i‖ · ‖W_down[:, i]‖, from one forward pass. Zhao et al. 2024 call it the importance of a feed-forward neuron, in its
     * parallel form. Only at {@code mlp.neuron}.
     */
    record Contribution() implements Quantity {
        @Override
        public String label() {
            return name();
        }

        @Override
        public String name() {
            return "contribution";
        }

        @Override
        public String pass() {
            return Activation.PASS;
        }
    }

    /** Unique and fit for a folder's name: {@code attnlrp.mean-logit.relevance}, {@code activation.count-positive}. */
    String label();

    /** Its own name within its pass: {@code relevance}, {@code count-positive}. */
    String name();

    /** Quantities with the same pass can be gathered together. */
    String pass();

    /** What goes into the provenance of its statistics. */
    default SortedMap<String, String> provenance() {
        SortedMap<String, String> provenance = new TreeMap<>();
        switch (this) {
            case Relevance relevance -> {
                provenance.put(ProvenanceKey.RULE, relevance.rule().name());
                if (relevance.rule() instanceof UserRule user)
                    provenance.put(ProvenanceKey.RULE_HASH, user.hash());
                provenance.put(ProvenanceKey.TARGET, relevance.target().label());
                provenance.put(ProvenanceKey.SCORE, relevance.score().label());
            }
            case Activation activation -> provenance.put(ProvenanceKey.SCORE, activation.label());
            case Contribution contribution -> provenance.put(ProvenanceKey.SCORE, contribution.label());
        }
        return provenance;
    }
}
