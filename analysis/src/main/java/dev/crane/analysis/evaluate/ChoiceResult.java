package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * A multiple-choice question and what a model made of it.
 *
 * @param item the question
 * @param choices the score of each choice
 */
public record ChoiceResult(ChoiceItem item, List<TokenScore> choices) {
    /** Whether the choice with the largest log-probability, the first of equal ones, is the right one. */
    public boolean acc() {
        return argmax(choices.stream().mapToDouble(TokenScore::logprob).toArray()) == item.answer();
    }

    /** Likewise with the log-probability divided by the number of code points of the choice. */
    public boolean accNorm() {
        double[] normed = new double[choices.size()];
        for (int i = 0; i < normed.length; i++) {
            String choice = item.choices().get(i);
            normed[i] = choices.get(i).logprob() / choice.codePointCount(0, choice.length());
        }
        return argmax(normed) == item.answer();
    }

    /** As NumPy's argmax: the first of the largest, and NaN (an empty choice that costs nothing) above all. */
    private static int argmax(double[] values) {
        int best = 0;
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(values[i]))
                return i;
            if (values[i] > values[best])
                best = i;
        }
        return best;
    }
}
