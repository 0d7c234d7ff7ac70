package dev.crane.models.generate;

import java.util.Arrays;
import java.util.stream.IntStream;

import dev.crane.models.random.SplitMix64;

/**
 * Chooses the tokens of one sequence. A number u in [0, 1) is drawn from {@link SplitMix64}, and the token is the first, by id, at which the running sum of the
 * probabilities exceeds u. The draws are those of the seed and the sequence's number, so what is drawn for a sequence does not depend on which others are
 * generated with it.
 */
public final class Sampler {
    private final Sampling sampling;
    private final SplitMix64 random;

    /** @param sequence the sequence's number among those generated from the same seed */
    public Sampler(Sampling sampling, long sequence) {
        this.sampling = sampling;
        this.random = SplitMix64.numbered(sampling.seed(), sequence);
    }

    /**
     * The next token.
     *
     * @param logits [vocabulary]; left as they are
     * @param sequence the token ids so far, prompt included
     */
    public int next(float[] logits, int[] sequence) {
        float[] scores = penalised(logits, sequence);
        if (sampling.greedy())
            return firstLargest(scores);
        double[] probabilities = probabilities(scores);
        double u = random.nextDouble();
        double sum = 0;
        int last = 0;
        for (int id = 0; id < probabilities.length; id++)
            if (probabilities[id] > 0) {
                last = id;
                sum += probabilities[id];
                if (sum > u)
                    return id;
            }
        return last; // the sum fell short of 1 by rounding
    }

    /** The probabilities that {@link #next} draws from [vocabulary]; all on one token when greedy. */
    public double[] probabilities(float[] logits, int[] sequence) {
        float[] scores = penalised(logits, sequence);
        if (!sampling.greedy())
            return probabilities(scores);
        double[] one = new double[scores.length];
        one[firstLargest(scores)] = 1;
        return one;
    }

    private float[] penalised(float[] logits, int[] sequence) {
        float penalty = (float) sampling.repetitionPenalty();
        float[] scores = logits.clone();
        if (penalty != 1)
            for (int id : IntStream.of(sequence).distinct().toArray())
                scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
        return scores;
    }

    private double[] probabilities(float[] scores) {
        float temperature = (float) sampling.temperature();
        for (int id = 0; id < scores.length; id++)
            scores[id] /= temperature;
        if (sampling.topK() > 0 && sampling.topK() < scores.length) {
            float[] sorted = scores.clone();
            Arrays.sort(sorted);
            float smallest = sorted[scores.length - sampling.topK()];
            for (int id = 0; id < scores.length; id++)
                if (scores[id] < smallest)
                    scores[id] = Float.NEGATIVE_INFINITY;
        }
        double[] probabilities = softmax(scores);
        if (sampling.topP() < 1)
            keepMostLikely(probabilities, sampling.topP());
        return probabilities;
    }

    /** Drops the least likely tokens as long as what is dropped sums to at most 1 − p; of equally likely ones the larger ids first. Never all. */
    private static void keepMostLikely(double[] probabilities, double p) {
        int[] ascending = IntStream.range(0, probabilities.length).filter(id -> probabilities[id] > 0).boxed()
                .sorted((a, b) -> probabilities[a] != probabilities[b]
                        ? Double.compare(probabilities[a], probabilities[b])
                        : Integer.compare(b, a))
                .mapToInt(Integer::intValue).toArray();
        double sum = 0;
        for (int i = 0; i < ascending.length - 1; i++) {
            sum += probabilities[ascending[i]];
            if (sum > 1 - p)
                break;
            probabilities[ascending[i]] = 0;
        }
        double kept = Arrays.stream(probabilities).sum();
        for (int id = 0; id < probabilities.length; id++)
            probabilities[id] /= kept;
    }

    private static double[] softmax(float[] scores) {
        float max = scores[firstLargest(scores)];
        double[] result = new double[scores.length];
        double sum = 0;
        for (int id = 0; id < scores.length; id++) {
            result[id] = Math.exp((double) scores[id] - max);
            sum += result[id];
        }
        for (int id = 0; id < scores.length; id++)
            result[id] /= sum;
        return result;
    }

    private static int firstLargest(float[] scores) {
        int best = 0;
        for (int id = 1; id < scores.length; id++)
            if (scores[id] > scores[best])
                best = id;
        return best;
    }
}
