package dev.crane.analysis.statistics;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;
import dev.crane.engine.statistic.TopExamples;

/**
 * Statistics of one language while its samples come in, one after the other. What it holds can be written at any time and taken up again
 * with the same bits as if nothing had happened, as long as the samples come in the same order. Not safe for use by several threads at
 * once.
 */
public final class StatisticsAccumulator {
    private final String language;
    private final SortedMap<HookPoint, Moments> moments = new TreeMap<>();
    private final SortedMap<HookPoint, TopExamples> examples = new TreeMap<>();
    private final LineRanges.Growing lines;
    private long samples;
    private long tokens;

    /**
     * Nothing yet.
     *
     * @param language its short name
     * @param layout the units
     * @param topExamples how many top examples are kept per unit; 0 for none
     */
    public StatisticsAccumulator(String language, UnitLayout layout, int topExamples) {
        this.language = language;
        lines = new LineRanges.Growing(LineRanges.empty());
        layout.widths().forEach((point, width) -> {
            moments.put(point, new Moments(width));
            if (topExamples > 0)
                examples.put(point, new TopExamples(width, topExamples));
        });
    }

    /** Goes on from statistics that were saved; they stay as they are. */
    public StatisticsAccumulator(LanguageStatistics saved) {
        language = saved.language();
        saved.moments().forEach((point, here) -> moments.put(point, here.copy()));
        saved.topExamples().forEach((point, here) -> examples.put(point, here.copy()));
        lines = new LineRanges.Growing(saved.lines());
        samples = saved.samples();
        tokens = saved.tokens();
    }

    /**
     * Adds one sample.
     *
     * @param line its line in the corpus, from 0; each once
     * @param length its tokens
     * @param scores one value per unit for every hook point of the layout; others are ignored
     * @throws CraneException if a score is not a finite number; then nothing was added
     */
    public void add(long line, int length, Map<HookPoint, float[]> scores) {
        moments.forEach((point, here) -> requireFinite(line, point, here.units(), scores.get(point)));
        lines.add(line);
        samples++;
        tokens += length;
        moments.forEach((point, here) -> here.add(scores.get(point)));
        examples.forEach((point, here) -> here.add(scores.get(point), line));
    }

    private void requireFinite(long line, HookPoint point, int units, float[] scores) {
        if (scores == null || scores.length != units)
            throw new IllegalArgumentException("no scores of the " + units + " units of " + point);
        for (int unit = 0; unit < units; unit++) {
            if (!Float.isFinite(scores[unit])) {
                throw new CraneException(
                        "the score of " + point + " row " + unit + " is " + scores[unit] + " in line " + line + " of the corpus of "
                                + language + " (lines count from 0): leave that line out, or compute in f32");
            }
        }
    }

    /** How many samples were added. */
    public long samples() {
        return samples;
    }

    /** Whether a line was added. */
    boolean contains(long line) {
        return lines.contains(line);
    }

    /** Which lines were added. */
    public LineRanges lines() {
        return lines.now();
    }

    /**
     * What there is so far; it does not change with what comes.
     *
     * @param provenance where the numbers come from, by {@link ProvenanceKey}; n, tokens and lines are put in
     */
    public LanguageStatistics snapshot(Map<String, String> provenance) {
        SortedMap<HookPoint, Moments> momentsNow = new TreeMap<>();
        SortedMap<HookPoint, TopExamples> examplesNow = new TreeMap<>();
        moments.forEach((point, here) -> momentsNow.put(point, here.copy()));
        examples.forEach((point, here) -> examplesNow.put(point, here.copy()));
        SortedMap<String, String> complete = new TreeMap<>(provenance);
        complete.put(ProvenanceKey.SAMPLES, Long.toString(samples));
        complete.put(ProvenanceKey.TOKENS, Long.toString(tokens));
        complete.put(ProvenanceKey.LINES, lines.now().toString());
        return new LanguageStatistics(language, momentsNow, examplesNow, complete);
    }
}
