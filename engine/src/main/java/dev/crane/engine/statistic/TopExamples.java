package dev.crane.engine.statistic;

import java.util.Arrays;

/**
 * For each unit of one hook point the k samples with the largest scores, each with the line of the corpus it came from. Equal scores
 * rank by line, earlier first, so the result depends on what was added, not on the order, and merging any split gives the same bits as
 * one pass.
 *
 * <p>Places not yet taken (fewer than k samples) hold the score −∞ and the line −1. Not safe for use by several threads at once.
 */
public final class TopExamples {
    private final int units;
    private final int capacity;
    /** [k, units]: rank r of unit u at r · units + u, so that the check against the weakest rank runs along memory. */
    private final float[] scores;
    private final long[] lines;

    /** No samples yet. */
    public TopExamples(int units, int capacity) {
        if (units < 0 || capacity < 1)
            throw new IllegalArgumentException("the " + capacity + " top examples of " + units + " units");
        this.units = units;
        this.capacity = capacity;
        scores = new float[Math.multiplyExact(units, capacity)];
        lines = new long[scores.length];
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);
        Arrays.fill(lines, -1);
    }

    /**
     * Examples as they were saved; the arrays are copied.
     *
     * @param scores [capacity, units], each unit's from the largest down
     * @param lines [capacity, units]
     * @throws IllegalArgumentException if the lengths do not fit or a unit's examples are out of order
     */
    public TopExamples(int units, int capacity, float[] scores, long[] lines) {
        if (units < 0 || capacity < 1 || (long) units * capacity != scores.length || lines.length != scores.length) {
            throw new IllegalArgumentException(
                    scores.length + " scores and " + lines.length + " lines for the " + capacity + " top examples of " + units + " units");
        }
        this.units = units;
        this.capacity = capacity;
        this.scores = scores.clone();
        this.lines = lines.clone();
        for (int i = 0; i < scores.length; i++) {
            boolean empty = lines[i] == -1 && scores[i] == Float.NEGATIVE_INFINITY;
            boolean ordered = i < units || empty || ranksBefore(scores[i - units], lines[i - units], scores[i], lines[i]);
            boolean taken = Float.isFinite(scores[i]) && lines[i] >= 0;
            if (!ordered || !(empty || taken))
                throw new IllegalArgumentException(
                        "example " + i / units + " of unit " + i % units + " is not a finite score in descending order");
        }
    }

    /** A copy that changes no more with this one. */
    public TopExamples copy() {
        return new TopExamples(units, capacity, scores, lines);
    }

    /** How many units. */
    public int units() {
        return units;
    }

    /** k: how many examples are kept per unit. */
    public int capacity() {
        return capacity;
    }

    /**
     * Adds one sample.
     *
     * @param sampleScores one finite value per unit; not kept
     * @param line the sample's line in its corpus, from 0; no line may be added twice
     */
    public void add(float[] sampleScores, long line) {
        if (sampleScores.length != units)
            throw new IllegalArgumentException(sampleScores.length + " scores for " + units + " units");
        for (int unit = 0; unit < units; unit++)
            offer(unit, sampleScores[unit], line);
    }

    /** Adds the examples of {@code other} (its capacity at least this one's, or the result may miss some), which stays as it is. */
    public void merge(TopExamples other) {
        if (other.units != units || other.capacity < capacity) {
            throw new IllegalArgumentException(
                    "the " + other.capacity + " top examples of " + other.units + " units merged into " + capacity
                            + " of " + units);
        }
        for (int i = 0; i < other.scores.length; i++)
            if (other.lines[i] >= 0)
                offer(i % units, other.scores[i], other.lines[i]);
    }

    private void offer(int unit, float score, long line) {
        int place = (capacity - 1) * units + unit;
        if (!ranksBefore(score, line, scores[place], lines[place]))
            return;
        while (place >= units && ranksBefore(score, line, scores[place - units], lines[place - units])) {
            scores[place] = scores[place - units];
            lines[place] = lines[place - units];
            place -= units;
        }
        scores[place] = score;
        lines[place] = line;
    }

    private static boolean ranksBefore(float score, long line, float otherScore, long otherLine) {
        return score > otherScore || (score == otherScore && line < otherLine);
    }

    /** The score of a unit's example; rank 0 is the largest. */
    public float score(int rank, int unit) {
        return scores[rank * units + unit];
    }

    /** The line of a unit's example, −1 where there is none. */
    public long line(int rank, int unit) {
        return lines[rank * units + unit];
    }

    /** [capacity, units]; a copy. */
    public float[] scores() {
        return scores.clone();
    }

    /** [capacity, units]; a copy. */
    public long[] lines() {
        return lines.clone();
    }
}
