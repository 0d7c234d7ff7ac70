package dev.crane.analysis.exchange;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.crane.analysis.Progress;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.table.Column;
import dev.crane.analysis.table.TableWriter;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;

/**
 * Statistics and the scores of samples as tidy tables, CSV or Parquet by the file's name. A unit is named by {@code module}, {@code site}, {@code layer} and
 * {@code unit}, both from 0. The provenance is the metadata of a Parquet file.
 */
public final class ScoreTables {
    private static final List<Column> UNIT = List.of(Column.text("module"), Column.text("site"),
            Column.int32("layer"), Column.int32("unit"));

    private ScoreTables() {
    }

    private static List<Column> columns(List<Column> before, List<Column> behind) {
        return Stream.of(before, UNIT, behind).flatMap(List::stream).toList();
    }

    /**
     * Writes statistics, a row a unit: {@code language}, the unit, {@code n}, {@code mean}, {@code abs_mean}, {@code variance}, {@code skewness},
     * {@code kurtosis}, each as {@link Moments} defines it; nothing where it is not defined.
     *
     * @return the number of rows
     */
    public static long write(LanguageStatistics statistics, Path file) {
        List<Column> columns = columns(List.of(Column.text("language")), List.of(Column.int64("n"),
                Column.float64("mean"), Column.float64("abs_mean"), Column.float64("variance"),
                Column.float64("skewness"), Column.float64("kurtosis")));
        long rows = 0;
        try (TableWriter table = TableWriter.create(file, columns, metadata(statistics.language(), statistics.provenance()))) {
            for (Map.Entry<HookPoint, Moments> entry : statistics.moments().entrySet()) {
                HookPoint point = entry.getKey();
                Moments moments = entry.getValue();
                double[] mean = moments.mean();
                double[] absMean = moments.absMean();
                double[] variance = moments.variance();
                double[] skewness = moments.skewness();
                double[] kurtosis = moments.excessKurtosis();
                for (int unit = 0; unit < moments.units(); unit++, rows++)
                    table.row(statistics.language(), point.path(), point.site().label(), point.layer(), unit, moments.count(), mean[unit],
                            absMean[unit], variance[unit], skewness[unit], kurtosis[unit]);
            }
            table.commit();
        }
        return rows;
    }

    /**
     * Writes the scores of samples, a row for each sample and unit: {@code language}, {@code line} (of the sample, from 0), {@code target} (the value of what
     * was explained), the unit, {@code score}. Hook point by hook point, in it sample by sample.
     *
     * @return the number of rows
     */
    public static long write(SampleScores samples, Path file, Progress progress) {
        List<Column> columns = columns(
                List.of(Column.text("language"), Column.int64("line"), Column.float32("target")),
                List.of(Column.float32("score")));
        long[] lines = samples.lines();
        float[] targets = samples.targets();
        long total = (long) samples.layout().units() * samples.samples();
        long begin = System.nanoTime();
        long rows = 0;
        try (TableWriter table = TableWriter.create(file, columns, metadata(samples.language(), samples.provenance()))) {
            for (HookPoint point : samples.layout().widths().keySet())
                for (int sample = 0; sample < lines.length; sample++) {
                    float[] scores = samples.scores(point, sample);
                    for (int unit = 0; unit < scores.length; unit++)
                        table.row(samples.language(), lines[sample], targets[sample], point.path(), point.site().label(), point.layer(),
                                unit,
                                scores[unit]);
                    rows += scores.length;
                    progress.report(new Progress.Step("convert", rows, total, "scores", 0, (System.nanoTime() - begin) / 1e9));
                }
            table.commit();
        }
        return rows;
    }

    private static Map<String, String> metadata(String language, Map<String, String> provenance) {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put("language", language);
        return metadata;
    }
}
