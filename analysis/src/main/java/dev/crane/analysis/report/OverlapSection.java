package dev.crane.analysis.report;

import java.util.List;
import java.util.function.Function;

import dev.crane.analysis.report.ReportData.Selection;

/** Overlaps of selections: between languages, between methods, between models. */
final class OverlapSection {
    private final SelectionGroups groups;
    private final Html html;

    OverlapSection(ReportData data, Html html) {
        this.groups = new SelectionGroups(data.selections());
        this.html = html;
    }

    void write() {
        if (groups.selections().isEmpty())
            return;
        html.section("overlap", "Overlap", "Overlap of selections",
                "Jaccard index (units in both / units in either); the smaller number is the overlap coefficient (units in both / units of the smaller selection), which does not punish different sizes. On the diagonal the number of units. "
                        + "Rows of gate and up, activations and product neurons count as the MLP neuron they belong to. Sets may overlap: a unit can matter to two languages more than to a third.");
        html.element("h3", "Between languages");
        groups.eachModel(html, model -> {
            html.raw("<div class=\"charts tables\">\n");
            for (SelectionGroups.Group group : groups.of(model))
                table(group.method(), group.selections(), Selection::language);
            html.raw("</div>\n");
        });
        if (groups.of(groups.models().getFirst()).size() > 1) {
            html.element("h3", "Between methods");
            List<String> languages = groups.selections().stream().map(Selection::language).distinct().toList();
            groups.eachModel(html, model -> {
                for (String language : languages)
                    table(Format.language(language),
                            groups.selections().stream().filter(s -> s.model().equals(model) && s.language().equals(language))
                                    .toList(),
                            Selection::method);
            });
        }
        if (groups.models().size() > 1)
            models();
        html.end();
    }

    private void table(String caption, List<Selection> selections, Function<Selection, String> name) {
        html.raw("<div class=\"scroll\"><table class=\"matrix overlap\"><caption>").text(caption).raw("</caption><thead><tr><th></th>");
        for (Selection s : selections)
            html.element("th class=\"n\"", name.apply(s));
        html.raw("</tr></thead><tbody>\n");
        for (Selection a : selections) {
            html.raw("<tr>").element("th", name.apply(a));
            for (Selection b : selections) {
                if (a.method().equals(b.method()) && a.language().equals(b.language()))
                    html.raw("<td class=\"n self\">").text(Format.count(a.size())).raw("</td>");
                else
                    cell(Overlap.of(a, b));
            }
            html.raw("</tr>\n");
        }
        html.endTable();
    }

    private void cell(Overlap overlap) {
        html.raw("<td class=\"n\" style=\"" + Shade.of(overlap.jaccard()) + "\">").text(Format.number(overlap.jaccard(), 2))
                .element("small", Format.number(overlap.coefficient(), 2)).raw("</td>");
    }

    /** The same method and language on the first model and each other. */
    private void models() {
        String first = groups.models().getFirst();
        html.element("h3", "Between models");
        for (String other : groups.models().subList(1, groups.models().size())) {
            List<String> languages = groups.selections().stream().map(Selection::language).distinct().toList();
            html.raw("<div class=\"scroll\"><table class=\"matrix overlap\"><caption>").text(first + " and " + other)
                    .raw("</caption><thead><tr><th></th>");
            for (String language : languages)
                html.element("th class=\"n\"", language);
            html.raw("</tr></thead><tbody>\n");
            for (SelectionGroups.Group group : groups.of(first)) {
                html.raw("<tr>").element("th", group.method());
                for (Selection a : group.selections())
                    groups.selections().stream()
                            .filter(b -> b.model().equals(other) && b.method().equals(a.method()) && b.language().equals(a.language()))
                            .findFirst()
                            .ifPresentOrElse(b -> cell(Overlap.of(a, b)), () -> html.element("td class=\"n\"", "–"));
                html.raw("</tr>\n");
            }
            html.endTable();
        }
    }
}
