package dev.crane.engine.relevance;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Where the relevance of one sequence's target goes, from the target back to the embedding: at every stage what comes in, what goes on, and what is lost on
 * the way by name. Losses are computed from the ops' own values; what they leave unexplained is the {@link Entry#remainder}: rounding, if rule and engine
 * are right. A loss may be negative: then relevance was made.
 *
 * @param rule the rule's name
 * @param target the target's value
 * @param entries the head, the layers from the last to the first, and the norm of the embedding where there is one
 */
public record ConservationLedger(String rule, double target, List<Entry> entries) {
    /** Why relevance is lost. */
    public enum Loss {
        /**
         * The softmax of attention, with A the probabilities, S the scaled scores, f the rule's factors: (1 − f_value) · Σ A·dA − (f_query + f_key) ·
         * Σ S·dS. Under AttnLRP ½ (Σ A·dA − Σ S·dS), under CP-LRP 0.
         */
        SOFTMAX("softmax"),
        /** Biases of linear layers, of norms and of the vocabulary matrix: Σ b · the gradient of the output. */
        BIAS("bias"),
        /** Norms: Σ output·dOutput − Σ input·dInput, biases left out; 0 where 1/σ is a constant. */
        NORM("norm"),
        /** Activations and gate × up: Σ output·dOutput − Σ inputs·dInputs. */
        ACTIVATION("activation"),
        /** What the rule takes away at the outputs of linear layers, such as an ε: Σ z·(dz before − dz behind). */
        EPSILON("epsilon"),
        /** The softcap of the logits: Σ capped logit · coefficient − Σ logit · its gradient. */
        SOFTCAP("softcap"),
        /** A target that is no weighted sum of logits: its value − Σ logit · gradient, by difference. */
        TARGET("target");

        private final String label;

        Loss(String label) {
            this.label = label;
        }

        /** Its name for people and files. */
        public String label() {
            return label;
        }
    }

    /**
     * A stage.
     *
     * @param stage {@code head}, {@code layer 3}, {@code embedding norm}
     * @param in relevance that comes from behind: Σ value·gradient over the stream at its end
     * @param out what goes on to the front
     * @param size Σ over the tokens of |relevance| at the larger of its two ends: what rounding is measured against
     * @param losses what is lost, by name; those that are 0 may be absent
     */
    public record Entry(String stage, double in, double out, double size, Map<Loss, Double> losses) {
        /** What no loss explains. */
        public double remainder() {
            return in - out - losses.values().stream().mapToDouble(Double::doubleValue).sum();
        }

        /** The size of what no loss explains, relative to the relevance that goes through the stage and the sizes of its losses. */
        public double error() {
            double through = size + losses.values().stream().mapToDouble(Math::abs).sum();
            return Math.abs(remainder()) / Math.max(through, Double.MIN_NORMAL);
        }
    }

    /** Relevance that arrives at the embedding. */
    public double arrived() {
        return entries.getLast().out();
    }

    /** All losses, by name, over the stages. */
    public Map<Loss, Double> losses() {
        Map<Loss, Double> sums = new EnumMap<>(Loss.class);
        entries.forEach(entry -> entry.losses().forEach((loss, value) -> sums.merge(loss, value, Double::sum)));
        return sums;
    }

    /** The largest {@link Entry#error} of a stage. */
    public double error() {
        double largest = 0;
        for (Entry entry : entries)
            largest = Math.max(largest, entry.error());
        return largest;
    }

    /**
     * The mean over sequences.
     *
     * @param ledgers of one model, rule and kind of target; at least one
     */
    public static ConservationLedger mean(List<ConservationLedger> ledgers) {
        double share = 1.0 / ledgers.size();
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < ledgers.getFirst().entries().size(); i++) {
            double in = 0;
            double out = 0;
            double size = 0;
            Map<Loss, Double> losses = new EnumMap<>(Loss.class);
            for (ConservationLedger ledger : ledgers) {
                Entry entry = ledger.entries().get(i);
                in += share * entry.in();
                out += share * entry.out();
                size += share * entry.size();
                entry.losses().forEach((loss, value) -> losses.merge(loss, share * value, Double::sum));
            }
            entries.add(new Entry(ledgers.getFirst().entries().get(i).stage(), in, out, size, losses));
        }
        return new ConservationLedger(ledgers.getFirst().rule(), ledgers.stream().mapToDouble(ConservationLedger::target).sum() * share,
                entries);
    }
}
