package dev.crane.analysis.report;

import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.hook.HookPoint;

/**
 * Everything the report shows, as plain values.
 *
 * @param title what was studied
 * @param languages in the order of the experiment
 * @param matrix every measurement; the unmasked ones have the method {@code none}
 * @param summaries one for each mask
 * @param intervals confidence intervals of the change under a mask
 * @param selections the selected units of each method and language, without random controls
 * @param langSpecF1 how LangSpec-F1 is computed
 * @param provenance what went in, in the order to show it
 */
public record ReportData(String title, List<String> languages, List<Measurement> matrix, List<Summary> summaries, List<Interval> intervals,
        List<Selection> selections, LangSpecF1.Options langSpecF1, SequencedMap<String, String> provenance) {
    /** The same with another LangSpec-F1. */
    public ReportData with(LangSpecF1.Options options) {
        return new ReportData(title, languages, matrix, summaries, intervals, selections, options, provenance);
    }

    /** What the masks of a method do to their units, in a few words: {@code zero}, {@code mean of others}. */
    public String intervention(String method) {
        int source = method.indexOf('@');
        return provenance.getOrDefault("methods / " + (source < 0 ? method : method.substring(0, source)) + " / intervention", "zero");
    }

    /**
     * A row of {@code matrix.csv}.
     *
     * @param model name of the model
     * @param method name of the method, {@code none} where nothing is masked
     * @param mask language the mask was made for
     * @param seed seed of a random control, else empty
     * @param units number of masked units
     * @param language language measured
     * @param metric {@code perplexity} or the name of an accuracy
     * @param value under the mask
     * @param unmasked without a mask
     * @param change of perplexity as a fraction, of an accuracy as a difference
     */
    public record Measurement(String model, String method, String mask, String seed, int units, String language, String metric,
            double value,
            double unmasked, double change) {
        /** Rise of the mean negative log-likelihood in nats a token; for perplexities. */
        public double rise() {
            return Math.log(value / unmasked);
        }
    }

    /** A row of {@code summary.csv}; NaN where a figure is not defined. */
    public record Summary(String model, String method, String mask, String seed, double selectivity, double langSpecF1, double precision,
            double recall) {}

    /**
     * A row of {@code intervals.csv}: a 95 % interval of a change (perplexity: rise in nats a token; accuracy: difference) or of a figure about the mask.
     *
     * @param against {@code none} for the unmasked model, or the random control it is held against
     * @param value the change
     * @param low lower end
     * @param high upper end
     * @param pValue two-sided, of no change; NaN where it makes no sense
     * @param holm the p-value corrected for all that is compared together; NaN where there is none
     */
    public record Interval(String model, String method, String mask, String seed, String language, String metric, String against,
            double value, double low, double high, double pValue, double holm) {
        /** Whether it cannot tell the change from none: it holds 0. */
        public boolean withinNoise() {
            return !(low > 0) && !(high < 0);
        }
    }

    /**
     * What a method selected for a language.
     *
     * @param units selected units
     * @param unitsInAll number of units there were to choose from, per hook point
     * @param histogram distribution of the quantity selected by, or null
     * @param top the units that stand out most
     */
    public record Selection(String model, String method, String language, SortedMap<HookPoint, int[]> units,
            SortedMap<HookPoint, Integer> unitsInAll,
            Histogram histogram, List<TopUnit> top) {
        /** Number of selected units. */
        public int size() {
            return units.values().stream().mapToInt(u -> u.length).sum();
        }
    }

    /**
     * Counts of a quantity over all units.
     *
     * @param quantity its name: {@code z}, {@code margin}
     * @param low left edge of the first bin; smaller values are counted in it
     * @param high right edge of the last bin; larger values are counted in it
     * @param counts per bin, of equal width
     * @param threshold the smallest selected value
     */
    public record Histogram(String quantity, double low, double high, long[] counts, double threshold) {}

    /**
     * A selected unit.
     *
     * @param point hook point
     * @param unit index of the unit there
     * @param value the quantity selected by
     * @param examples the samples that drive it most
     */
    public record TopUnit(HookPoint point, int unit, double value, List<Example> examples) {}

    /**
     * A sample that drives a unit.
     *
     * @param line line of the corpus, from 0
     * @param score the unit's score on it
     * @param text the sample
     * @param tokens what each of its tokens gives to the score; empty where that is not known
     */
    public record Example(long line, double score, String text, List<Token> tokens) {}

    /**
     * A token of a sample.
     *
     * @param text what it adds to the text
     * @param value what it gives to the unit's score
     */
    public record Token(String text, float value) {}
}
