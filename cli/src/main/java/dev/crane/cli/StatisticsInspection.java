package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;

import static dev.crane.cli.Inspection.count;

/**
 * A file of statistics.
 *
 * @param format of this record
 * @param statistics the file
 * @param language whose they are
 * @param samples how many texts went in
 * @param sites what was scored
 * @param provenance where they come from
 */
record StatisticsInspection(String format, String statistics, String language, long samples, List<ScoredSite> sites,
        SortedMap<String, String> provenance) implements Inspection {
    /**
     * One site in all layers.
     *
     * @param site its name
     * @param layers in how many layers
     * @param units how many units in all of them
     * @param meanAbsolute mean over units of their mean absolute score
     * @param topExamples how many samples of the largest score are kept for a unit
     */
    record ScoredSite(String site, int layers, long units, double meanAbsolute, int topExamples) {}

    static StatisticsInspection of(Path file) {
        LanguageStatistics statistics = StatisticsFile.read(file);
        SortedMap<Site, List<HookPoint>> points = new TreeMap<>();
        statistics.moments().keySet().forEach(point -> points.computeIfAbsent(point.site(), site -> new ArrayList<>()).add(point));
        List<ScoredSite> sites = new ArrayList<>();
        for (Map.Entry<Site, List<HookPoint>> entry : points.entrySet()) {
            long units = 0;
            double sum = 0;
            int top = 0;
            for (HookPoint point : entry.getValue()) {
                Moments moments = statistics.moments().get(point);
                units += moments.units();
                for (double absolute : moments.absMean())
                    sum += absolute;
                if (statistics.topExamples().containsKey(point))
                    top = statistics.topExamples().get(point).capacity();
            }
            sites.add(new ScoredSite(entry.getKey().label(), entry.getValue().size(), units, units == 0 ? 0 : sum / units, top));
        }
        return new StatisticsInspection("crane/statistics-summary@1", file.toString(), statistics.language(), statistics.samples(), sites,
                statistics.provenance());
    }

    @Override
    public void print(PrintWriter out) {
        Table head = new Table().text("").text("");
        head.row("statistics", statistics);
        head.row("language", language);
        head.row("samples", count(samples));
        head.print(out);
        out.println();
        Table table = new Table().text("site").number("layers").number("units").number("mean |score|").number("top examples");
        for (ScoredSite site : sites)
            table.row(site.site, site.layers, count(site.units), String.format(Locale.ROOT, "%.3g", site.meanAbsolute), site.topExamples);
        table.print(out);
        Inspection.printMetadata("provenance", provenance, out);
        out.flush();
    }
}
