package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

import dev.crane.analysis.identify.Selection;
import dev.crane.analysis.report.ReportData.Example;
import dev.crane.analysis.report.ReportData.Histogram;
import dev.crane.analysis.report.ReportData.TopUnit;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.statistic.TopExamples;

/** What the report keeps of a selection: the units, how the quantity they were selected by is distributed, the ones that stand out most. */
public final class SelectionSummary {
    private static final int BINS = 48;
    private static final int TOP_UNITS = 8;
    private static final int EXAMPLES = 2;
    /** The histogram's axis leaves out this share of the units at either end, so that a few extremes do not squeeze the rest into one bin. */
    private static final double TAIL = 0.002;

    private SelectionSummary() {
    }

    /**
     * Summarises a selection.
     *
     * @param model name of the model
     * @param method label of the method
     * @param selection what was chosen
     * @param statistics of the same language, with its top examples if there are any
     * @param text the corpus's text at a line from 0, or null where it has none
     */
    public static ReportData.Selection of(String model, String method, Selection selection, LanguageStatistics statistics,
            LongFunction<String> text) {
        List<TopUnit> top = new ArrayList<>();
        for (Selection.Ranked unit : selection.top(TOP_UNITS)) {
            List<Example> examples = new ArrayList<>();
            TopExamples kept = statistics.topExamples().get(unit.point());
            for (int rank = 0; kept != null && rank < Math.min(EXAMPLES, kept.capacity()); rank++) {
                long line = kept.line(rank, unit.unit());
                if (line < 0)
                    break; // fewer samples than ranks
                String shown = text.apply(line);
                examples.add(new Example(line, kept.score(rank, unit.unit()), shown == null ? "(token ids)" : shown, List.of()));
            }
            top.add(new TopUnit(unit.point(), unit.unit(), unit.value(), examples));
        }
        return new ReportData.Selection(model, method, selection.language(), selection.mask().units(), selection.layout().widths(),
                histogram(selection), top);
    }

    private static Histogram histogram(Selection selection) {
        if (selection.ranking().isEmpty() || selection.mask().count() == 0)
            return null;
        double[] values = Arrays.stream(selection.values(selection.ranking())).filter(Double::isFinite).sorted().toArray();
        double threshold = selection.top(Integer.MAX_VALUE).getLast().value();
        double low = Math.min(values[(int) (TAIL * (values.length - 1))], threshold);
        double high = Math.max(values[(int) ((1 - TAIL) * (values.length - 1))], threshold);
        if (high == low)
            high = low + 1;
        long[] counts = new long[BINS];
        for (double value : values)
            counts[Math.clamp((int) Math.floor((value - low) / (high - low) * BINS), 0, BINS - 1)]++;
        return new Histogram(selection.ranking(), low, high, counts, threshold);
    }

    /** The corpus lines that summaries of this selection ask for. */
    public static long[] lines(Selection selection, LanguageStatistics statistics) {
        return selection.top(TOP_UNITS).stream().flatMapToLong(unit -> {
            TopExamples kept = statistics.topExamples().get(unit.point());
            return kept == null
                    ? LongStream.empty()
                    : LongStream.range(0, Math.min(EXAMPLES, kept.capacity())).map(r -> kept.line((int) r, unit.unit()));
        }).filter(line -> line >= 0).sorted().distinct().toArray();
    }
}
