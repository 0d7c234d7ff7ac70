package dev.crane.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import dev.crane.analysis.experiment.MaskKey;
import dev.crane.analysis.experiment.ResultTables;
import dev.crane.analysis.experiment.ResultTables.MatrixRow;
import dev.crane.analysis.experiment.ResultTables.SummaryRow;

/**
 * Prints the matrix of every language under every mask: perplexity, and of the tasks {@code acc} (the files have {@code acc_norm} too); the seeds of a random
 * control as their mean; a table for each model.
 */
final class ResultPrinter {
    private ResultPrinter() {
    }

    static void print(ResultTables tables, PrintWriter out) {
        List<String> models = tables.matrix().stream().map(MatrixRow::model).distinct().toList();
        Set<String> metrics = new LinkedHashSet<>(tables.matrix().stream().map(MatrixRow::metric).toList());
        boolean first = true;
        metrics.removeIf(metric -> metric.endsWith(".acc_norm"));
        for (String model : models)
            for (String metric : metrics) {
                if (!first)
                    out.println();
                first = false;
                boolean perplexity = metric.equals(ResultTables.PERPLEXITY);
                out.println((models.size() > 1 ? model + ": " : "")
                        + (perplexity
                                ? "perplexity (rise, nats a token)"
                                : metric.replace('_', ' ').replace(".acc", " accuracy") + " (change)"));
                print(tables, model, metric, perplexity, out);
            }
    }

    private static void print(ResultTables tables, String model, String metric, boolean perplexity, PrintWriter out) {
        List<MatrixRow> rows = tables.matrix().stream().filter(row -> row.model().equals(model) && row.metric().equals(metric)).toList();
        List<SummaryRow> summaries = tables.summary().stream().filter(row -> row.model().equals(model)).toList();
        List<String> languages = rows.stream().map(MatrixRow::language).distinct().toList();
        Table table = new Table().text("method").text("mask").number("units");
        languages.forEach(language -> table.number(language.isEmpty() ? "value" : language));
        if (perplexity)
            table.number("selectivity");
        else
            table.number("F1");
        String method = null;
        for (Group group : rows.stream().map(row -> new Group(row.key().method(), row.key().mask())).distinct().toList()) {
            if (method != null && !method.equals(group.method))
                table.gap();
            method = group.method;
            List<Object> cells = new ArrayList<>();
            List<MatrixRow> own = rows.stream().filter(row -> group.holds(row.key())).toList();
            long seeds = own.stream().map(row -> row.key().seed()).distinct().count();
            cells.add(seeds > 1 ? method + " (" + seeds + " seeds)" : method);
            cells.add(group.mask);
            cells.add(group.mask.isEmpty() ? "" : Long.toString(Math.round(own.stream().mapToInt(MatrixRow::units).average().orElse(0))));
            for (String language : languages)
                cells.add(cell(own.stream().filter(row -> row.language().equals(language)).toList(), perplexity));
            cells.add(summary(summaries.stream().filter(row -> group.holds(row.key())).toList(), perplexity));
            table.row(cells.toArray());
        }
        table.print(out);
    }

    private record Group(String method, String mask) {
        boolean holds(MaskKey key) {
            return key.method().equals(method) && key.mask().equals(mask);
        }
    }

    private static String cell(List<MatrixRow> seeds, boolean perplexity) {
        if (seeds.isEmpty())
            return "";
        double value = seeds.stream().mapToDouble(MatrixRow::value).average().orElseThrow();
        double change = seeds.stream().mapToDouble(row -> perplexity ? Math.log(row.value() / row.unmasked()) : row.change()).average()
                .orElseThrow();
        String text = String.format(Locale.ROOT, perplexity ? "%.1f" : "%.3f", value);
        return seeds.getFirst().key().equals(MaskKey.UNMASKED)
                ? text
                : text + String.format(Locale.ROOT, perplexity ? " (%+.2f)" : " (%+.3f)", change);
    }

    private static String summary(List<SummaryRow> seeds, boolean perplexity) {
        double mean = seeds.stream().mapToDouble(row -> perplexity ? row.selectivity() : row.langspecF1()).average().orElse(Double.NaN);
        return Double.isNaN(mean) ? "" : String.format(Locale.ROOT, "%.2f", mean);
    }
}
