package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

import dev.crane.analysis.report.ReportData.Interval;

/** What the experiment comes to, in a few sentences: the first method's numbers beside the others' and the control's, and which effects are within noise. */
final class Headline {
    private final ReportData data;
    private final MethodTable methods;

    Headline(ReportData data, MethodTable methods) {
        this.data = data;
        this.methods = methods;
    }

    void write(Html html) {
        List<MethodRow> own = methods.models().isEmpty() ? List.of() : methods.own(methods.models().getFirst());
        if (own.isEmpty()) {
            html.raw("<p class=\"lead\">").text("No masks were evaluated.").raw("</p>");
            return;
        }
        String method = own.getFirst().method();
        List<MethodRow> rows = own.stream().filter(row -> row.method().equals(method)).toList();
        html.raw("<p class=\"lead\">").text("Masking the units that ").element("b", method).text(" selects for a language ");
        if (methods.models().size() > 1)
            html.text("in " + methods.models().getFirst() + " ");
        html.text("raises that language's negative log-likelihood by ")
                .element("b", each(rows, row -> row.own().mean())).text(" nats a token (" + languages(rows) + ") and the others' by ")
                .element("b", each(rows, MethodRow::others)).text(" on average");
        if (rows.stream().noneMatch(row -> row.control().isEmpty()))
            html.text("; as many random units (" + rows.getFirst().control() + ") raise it by ")
                    .element("b", each(rows, row -> row.controlRise().mean()));
        html.text(". " + beyond(rows)).text(" Selectivity is ").element("b", each(rows, row -> row.selectivity().mean()));
        if (rows.stream().allMatch(row -> row.selectivityInterval() != null))
            html.text(" (95 % intervals " + String.join(", ", rows.stream().map(row -> range(row.selectivityInterval())).toList()) + ")");
        html.text(" where 0.5 is no preference.").raw("</p>\n");
        noise(html, own, method);
    }

    /** What may be said of the difference between a method and its control. */
    private static String beyond(List<MethodRow> rows) {
        Map<Verdict, List<String>> by = new LinkedHashMap<>();
        rows.forEach(row -> by.computeIfAbsent(row.verdict(), v -> new ArrayList<>()).add(row.mask()));
        List<String> parts = new ArrayList<>();
        by.forEach((verdict, masks) -> {
            String which = masks.size() == rows.size()
                    ? (masks.size() == 1 ? "" : " in every language")
                    : " for " + String.join(", ", masks);
            switch (verdict) {
                case MORE -> parts.add("the difference from the control is above noise" + which);
                case NOISE -> parts.add("the difference from the control is within noise" + which);
                case LESS -> parts.add("the control does more" + which);
                case UNCOMPARED, CONTROL -> {
                }
            }
        });
        if (parts.isEmpty() && rows.stream().noneMatch(row -> row.control().isEmpty()))
            return "Whether the difference is noise was not tested.";
        if (parts.isEmpty())
            return "There is no comparison with a random control, so nothing can be said of what this owes to the choice of units.";
        String text = String.join("; ", parts);
        return Character.toUpperCase(text.charAt(0)) + text.substring(1) + " (95 % interval over the same texts).";
    }

    private static void noise(Html html, List<MethodRow> own, String first) {
        List<String> sentences = new ArrayList<>();
        for (Verdict verdict : List.of(Verdict.NOISE, Verdict.LESS)) {
            Map<String, List<MethodRow>> methods = new LinkedHashMap<>();
            for (MethodRow row : own)
                if (!row.method().equals(first) && row.verdict() == verdict)
                    methods.computeIfAbsent(row.method(), m -> new ArrayList<>()).add(row);
            List<String> parts = new ArrayList<>();
            methods.forEach((method, rows) -> parts
                    .add(method + unequal(rows) + " for " + String.join(", ", rows.stream().map(MethodRow::mask).toList())));
            if (!parts.isEmpty())
                sentences.add((verdict == Verdict.NOISE ? "Within noise of the random control: " : "Less than the random control: ")
                        + String.join("; ", parts) + ".");
        }
        if (!sentences.isEmpty())
            html.raw("<p class=\"noisy\">").text(String.join(" ", sentences)).raw("</p>\n");
    }

    /** A control of another size is not a fair one. */
    private static String unequal(List<MethodRow> rows) {
        return rows.stream().allMatch(row -> row.units() == row.controlUnits())
                ? ""
                : " (" + range(rows.stream().mapToInt(MethodRow::units)) + " units, the control "
                        + range(rows.stream().mapToInt(MethodRow::controlUnits)) + ")";
    }

    private static String range(IntStream counts) {
        int[] sorted = counts.sorted().toArray();
        return sorted[0] == sorted[sorted.length - 1]
                ? Format.count(sorted[0])
                : Format.count(sorted[0]) + "–" + Format.count(sorted[sorted.length - 1]);
    }

    private static String each(List<MethodRow> rows, ToDoubleFunction<MethodRow> value) {
        return String.join(" / ", rows.stream().map(row -> Format.number(value.applyAsDouble(row), 2)).toList());
    }

    private static String range(Interval interval) {
        return Format.number(interval.low(), 2) + "–" + Format.number(interval.high(), 2);
    }

    private String languages(List<MethodRow> rows) {
        return String.join(" / ", data.languages().stream().filter(l -> rows.stream().anyMatch(row -> row.mask().equals(l))).toList());
    }
}
