package dev.crane.analysis.report;

import dev.crane.analysis.report.ReportData.Selection;

/** How the quantity that each method selects by is distributed over all units. */
final class DistributionSection {
    private final SelectionGroups groups;
    private final Html html;

    DistributionSection(ReportData data, Html html) {
        this.groups = new SelectionGroups(data.selections());
        this.html = html;
    }

    void write() {
        if (groups.selections().stream().allMatch(s -> s.histogram() == null))
            return;
        html.section("spread", "Distribution", "Distribution of what was selected by",
                "All units of a language; counts on a logarithmic axis. Dark bins at and right of the dashed threshold are selected; what lies beyond the axis is counted in the last bin.");
        boolean several = groups.models().size() > 1;
        for (SelectionGroups.Group group : groups.all()) {
            String heading = several ? group.model() + ", " + group.method() : group.method();
            boolean open = group.equals(groups.all().getFirst());
            if (open)
                html.element("h3", heading);
            else
                html.details(heading);
            html.raw("<div class=\"charts\">\n");
            for (Selection s : group.selections())
                if (s.histogram() != null)
                    html.raw("<figure>").raw(Chart.histogram(s.histogram(), "histogram of " + s.histogram().quantity()))
                            .element("figcaption",
                                    Format.language(s.language()) + ", selected from " + Chart.compact(s.histogram().threshold()))
                            .raw("</figure>\n");
            html.raw("</div>\n");
            if (!open)
                html.endDetails();
        }
        html.end();
    }
}
