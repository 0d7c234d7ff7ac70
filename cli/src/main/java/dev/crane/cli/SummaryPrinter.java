package dev.crane.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

import dev.crane.analysis.report.MethodRow;
import dev.crane.analysis.report.MethodTable;
import dev.crane.analysis.report.Verdict;

/** Prints what an experiment comes to: a line a method, a table for each model and, with several, for the masks that come from another. */
final class SummaryPrinter {
    private final MethodTable methods;
    private final List<String> languages;
    private final PrintWriter out;

    SummaryPrinter(MethodTable methods, List<String> languages, PrintWriter out) {
        this.methods = methods;
        this.languages = languages;
        this.out = out;
    }

    void print() {
        boolean several = methods.models().size() > 1;
        for (boolean own : new boolean[]{true, false})
            for (String model : methods.models())
                for (String source : methods.models())
                    if (source.equals(model) == own && methods.rows().stream().anyMatch(row -> of(row, model, source))) {
                        if (several)
                            out.println((own ? model : "masks found on " + source + ", applied to " + model));
                        table(model, source);
                        out.println();
                    }
        boolean texts = methods.rows().stream().anyMatch(row -> !Double.isNaN(row.own().mean()));
        if (texts)
            out.println("rise: of the own language's negative log-likelihood, nats a token (other: of the others, on average). "
                    + "sel: selectivity, 0.5 is no preference.");
        if (methods.rows().stream().anyMatch(row -> row.verdict() == Verdict.NOISE || row.verdict() == Verdict.LESS))
            out.println("~ within noise of the random control (95 %), < less than it.");
        if (methods.rows().stream().anyMatch(row -> !Double.isNaN(row.drop())))
            out.println("drop: of the own language's mean accuracy, in points.");
    }

    private static boolean of(MethodRow row, String model, String source) {
        return row.model().equals(model) && row.source().equals(source);
    }

    private record Column(String title, Function<MethodRow, String> cell) {}

    private List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        for (String language : languages)
            columns.add(new Column("rise " + language, row -> row.mask().equals(language) ? rise(row) : null));
        columns.add(new Column("other", null));
        for (String language : languages)
            columns.add(
                    new Column("sel " + language, row -> row.mask().equals(language) ? number(row.selectivity().mean(), "%.2f") : null));
        for (String language : languages)
            columns.add(new Column("drop " + language, row -> row.mask().equals(language) ? number(100 * row.drop(), "%.1f") : null));
        return columns;
    }

    private void table(String model, String source) {
        List<Column> columns = columns();
        List<List<Object>> lines = new ArrayList<>();
        for (String method : methods.methods()) {
            List<MethodRow> rows = languages.stream().map(l -> methods.find(model, method, source, l)).flatMap(Optional::stream).toList();
            if (rows.isEmpty())
                continue;
            List<Object> line = new ArrayList<>();
            line.add(rows.getFirst().seeds() > 1 ? method + " (" + rows.getFirst().seeds() + " seeds)" : method);
            int least = rows.stream().mapToInt(MethodRow::units).min().orElse(0);
            int most = rows.stream().mapToInt(MethodRow::units).max().orElse(0);
            line.add(least == most ? Integer.toString(most) : least + "-" + most);
            for (Column column : columns)
                line.add(column.cell == null
                        ? number(rows.stream().mapToDouble(MethodRow::others).average().orElse(Double.NaN), "%+.2f")
                        : rows.stream().map(column.cell).filter(cell -> cell != null).findFirst().orElse(""));
            lines.add(line);
        }
        // What was not measured has no column.
        List<Integer> shown = new ArrayList<>(List.of(0, 1));
        Table table = new Table().text("method").number("units");
        for (int c = 0; c < columns.size(); c++) {
            int at = c + 2;
            if (lines.stream().allMatch(line -> line.get(at).toString().isEmpty()))
                continue;
            table.number(columns.get(c).title);
            shown.add(at);
        }
        for (List<Object> line : lines)
            table.row(shown.stream().map(line::get).toArray());
        table.print(out);
    }

    private static String rise(MethodRow row) {
        String mark = row.verdict() == Verdict.NOISE ? "~" : row.verdict() == Verdict.LESS ? "<" : "";
        return mark + number(row.own().mean(), "%+.2f");
    }

    private static String number(double value, String format) {
        if (Double.isNaN(value))
            return "";
        String text = String.format(Locale.ROOT, format, value);
        return text.matches("[+-]0\\.0+") ? text.substring(1) : text;
    }
}
