package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.IntStream;

import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** Where the selected units are: by layer and projection. */
final class LayerSection {
    private final SelectionGroups groups;
    private final Html html;

    LayerSection(ReportData data, Html html) {
        this.groups = new SelectionGroups(data.selections());
        this.html = html;
    }

    void write() {
        if (groups.selections().isEmpty())
            return;
        html.section("layers", "Layers", "Selected units per layer and projection",
                "How many units each method selected in each layer, from the first layer on the left; the axes of two charts need not be the same.");
        legend();
        groups.eachModel(html, model -> {
            html.raw("<div class=\"charts\">\n");
            for (SelectionGroups.Group group : groups.of(model))
                for (Site site : sites(group.selections()))
                    chart(group, site);
            html.raw("</div>\n");
        });
        html.end();
    }

    private void chart(SelectionGroups.Group group, Site site) {
        List<Selection> selections = group.selections();
        int layers = selections.stream().flatMap(s -> s.unitsInAll().keySet().stream()).mapToInt(HookPoint::layer).max().orElse(-1) + 1;
        double[][] values = new double[selections.size()][layers];
        List<String> sizes = new ArrayList<>();
        for (int s = 0; s < values.length; s++) {
            int size = 0;
            for (int layer = 0; layer < layers; layer++) {
                int count = count(selections.get(s).units(), new HookPoint(site, layer));
                values[s][layer] = count;
                size += count;
            }
            sizes.add(Format.count(size));
        }
        html.raw("<figure>").raw(Chart.groupedBars(IntStream.range(0, layers).mapToObj(Integer::toString).toList(), values,
                group.method() + ": selected units per layer, " + site.label()))
                .element("figcaption", group.method() + ", " + site.label() + ": " + String.join(" / ", sizes) + " units")
                .raw("</figure>\n");
    }

    private void legend() {
        List<String> languages = groups.selections().stream().map(Selection::language).distinct().toList();
        html.raw("<p class=\"legend\">");
        for (int l = 0; l < languages.size(); l++)
            html.raw("<span><i style=\"background:" + Chart.COLOURS.get(l % Chart.COLOURS.size()) + "\"></i>")
                    .text(Format.language(languages.get(l))).raw("</span> ");
        html.raw("</p>\n");
    }

    private static List<Site> sites(List<Selection> selections) {
        return selections.stream().flatMap(s -> s.unitsInAll().keySet().stream()).map(HookPoint::site).distinct().sorted().toList();
    }

    private static int count(SortedMap<HookPoint, int[]> units, HookPoint point) {
        int[] selected = units.get(point);
        return selected == null ? 0 : selected.length;
    }
}
