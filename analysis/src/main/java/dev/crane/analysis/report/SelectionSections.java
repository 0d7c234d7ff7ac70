package dev.crane.analysis.report;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.IntStream;

import dev.crane.analysis.report.ReportData.Example;
import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.analysis.report.ReportData.TopUnit;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** What was selected: units per layer and projection, overlaps, distributions, the units that stand out most. */
final class SelectionSections {
    private final ReportData data;
    private final Html html;

    SelectionSections(ReportData data, Html html) {
        this.data = data;
        this.html = html;
    }

    void write() {
        layers();
        overlap();
        spread();
        top();
    }

    /** Model and method of each group of selections, in order. */
    private List<Group> groups() {
        return data.selections().stream().map(s -> new Group(s.model(), s.method())).distinct().toList();
    }

    private record Group(String model, String method) {}

    private List<Selection> of(Group group) {
        return data.selections().stream().filter(s -> s.model().equals(group.model()) && s.method().equals(group.method())).toList();
    }

    private String heading(Group group) {
        boolean several = data.selections().stream().map(Selection::model).distinct().count() > 1;
        return several ? group.model() + ", " + group.method() : group.method();
    }

    private void layers() {
        html.section("layers", "Selected units per layer and projection",
                "How many units were selected in each layer, from the first layer on the left.");
        for (Group group : groups()) {
            List<Selection> selections = of(group);
            html.element("h3", heading(group));
            legend(selections);
            html.raw("<div class=\"charts\">\n");
            for (Site site : sites(selections)) {
                int layers = selections.stream().flatMap(s -> s.unitsInAll().keySet().stream()).mapToInt(HookPoint::layer).max().orElse(-1)
                        + 1;
                double[][] values = new double[selections.size()][layers];
                for (int s = 0; s < values.length; s++)
                    for (int layer = 0; layer < layers; layer++)
                        values[s][layer] = count(selections.get(s).units(), new HookPoint(site, layer));
                html.raw("<figure>").raw(Chart.groupedBars(IntStream.range(0, layers).mapToObj(Integer::toString).toList(), values,
                        "selected units per layer, " + site.label())).element("figcaption", site.label() + " by layer").raw("</figure>\n");
            }
            html.raw("</div>\n");
        }
        html.end();
    }

    private void legend(List<Selection> selections) {
        html.raw("<p class=\"legend\">");
        for (int s = 0; s < selections.size(); s++)
            html.raw("<span><i style=\"background:" + Chart.COLOURS.get(s % Chart.COLOURS.size()) + "\"></i>").text(
                    Format.language(selections.get(s).language()) + ", " + Format.count(selections.get(s).size()) + " units")
                    .raw("</span> ");
        html.raw("</p>\n");
    }

    private static List<Site> sites(List<Selection> selections) {
        return selections.stream().flatMap(s -> s.unitsInAll().keySet().stream()).map(HookPoint::site).distinct().sorted().toList();
    }

    private static int count(SortedMap<HookPoint, int[]> units, HookPoint point) {
        int[] selected = units.get(point);
        return selected == null ? 0 : selected.length;
    }

    private void overlap() {
        html.section("overlap", "Overlap between languages",
                "Jaccard index: units in both sets / units in either. Sets may overlap: a unit can matter to two languages more than to a third.");
        html.raw("<div class=\"charts tables\">\n");
        for (Group group : groups()) {
            List<Selection> selections = of(group);
            html.raw("<table class=\"matrix\"><caption>").text(heading(group)).raw("</caption><thead><tr><th></th>");
            for (Selection s : selections)
                html.element("th class=\"n\"", s.language());
            html.raw("</tr></thead><tbody>\n");
            for (Selection a : selections) {
                html.raw("<tr>").element("th", a.language());
                for (Selection b : selections)
                    html.element("td class=\"n" + (a.language().equals(b.language()) ? " self" : "") + "\"",
                            Format.number(jaccard(a, b), 3));
                html.raw("</tr>\n");
            }
            html.raw("</tbody></table>\n");
        }
        html.raw("</div>\n").end();
    }

    private static double jaccard(Selection a, Selection b) {
        int both = 0;
        for (HookPoint point : a.units().keySet())
            if (b.units().containsKey(point))
                both += (int) Arrays.stream(a.units().get(point)).filter(u -> Arrays.binarySearch(b.units().get(point), u) >= 0).count();
        int either = a.size() + b.size() - both;
        return either == 0 ? Double.NaN : (double) both / either;
    }

    private void spread() {
        html.section("spread", "Distribution of what was selected by",
                "All units of a language; counts on a logarithmic axis. Dark bins at and right of the dashed threshold are selected; what lies beyond the axis is counted in the last bin.");
        for (Group group : groups()) {
            html.element("h3", heading(group)).raw("<div class=\"charts\">\n");
            for (Selection s : of(group))
                if (s.histogram() != null)
                    html.raw("<figure>").raw(Chart.histogram(s.histogram(), "histogram of " + s.histogram().quantity()))
                            .element("figcaption",
                                    Format.language(s.language()) + ", selected from " + Chart.compact(s.histogram().threshold()))
                            .raw("</figure>\n");
            html.raw("</div>\n");
        }
        html.end();
    }

    private void top() {
        html.section("top", "Units that stand out most, and the texts that drive them",
                "For each language the units with the largest value, and the identification samples on which their score is largest.");
        for (Group group : groups()) {
            html.element("h3", heading(group));
            for (Selection s : of(group)) {
                if (s.top().isEmpty())
                    continue;
                html.raw("<table class=\"top\"><caption>").text(Format.language(s.language()))
                        .raw("</caption><thead><tr><th>Unit</th><th class=\"n\">")
                        .text(s.histogram() == null ? "Value" : s.histogram().quantity()).raw("</th><th>Texts</th></tr></thead><tbody>\n");
                for (TopUnit unit : s.top()) {
                    html.raw("<tr><th>")
                            .text(unit.point().path().replace("model.layers.", "layer ").replaceFirst("\\.", " ") + " " + unit.unit())
                            .raw("</th>").element("td class=\"n\"", Chart.compact(unit.value())).raw("<td lang=\"").text(s.language())
                            .raw("\">");
                    for (Example example : unit.examples())
                        html.raw("<p>").element("span class=\"score\"", Chart.compact(example.score()))
                                .text(" " + cut(example.text()) + " ")
                                .element("span class=\"line\"", "line " + (example.line() + 1)).raw("</p>");
                    html.raw("</td></tr>\n");
                }
                html.raw("</tbody></table>\n");
            }
        }
        html.end();
    }

    /** The first 160 characters, at a code point boundary. */
    private static String cut(String text) {
        return text.codePointCount(0, text.length()) <= 160 ? text : text.substring(0, text.offsetByCodePoints(0, 160)) + "…";
    }
}
