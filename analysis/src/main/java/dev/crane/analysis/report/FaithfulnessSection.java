package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.analysis.faithfulness.LanguageFaithfulness;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.Agreement;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.Area;
import dev.crane.analysis.faithfulness.OrderCurve;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.SampleMean;

/** Whether relevance predicts what masking does: deletion and insertion curves, agreement with measured ablation. */
final class FaithfulnessSection {
    private static final String RANDOM = "random";

    private final List<LanguageFaithfulness> results;
    private final Html html;

    FaithfulnessSection(List<LanguageFaithfulness> results, Html html) {
        this.results = results;
        this.html = html;
    }

    void write() {
        if (results.isEmpty())
            return;
        html.section("faithfulness", "Faithfulness", "Faithfulness",
                "Does relevance predict what masking does? <b>Deletion</b>: negative log-likelihood of the language's held-out text, in nats a token, while the first units of an order are set to zero: "
                        + "the sooner it rises, the better the order. <b>Insertion</b>: all other units are set to zero: the sooner it falls, the better. The areas lie between an order's curve and the mean of "
                        + "random orders, as a share of what deleting every unit does; above 0 is better than chance, and what lies within two standard deviations of the random orders is in grey. "
                        + "<b>Agreement</b>: of single units, what relevance on the same text predicts against the rise that zeroing the unit causes.");
        legend();
        List<String> models = results.stream().map(LanguageFaithfulness::model).distinct().toList();
        for (String model : models) {
            if (models.size() > 1)
                html.element("h3", model);
            List<LanguageFaithfulness> here = results.stream().filter(one -> one.model().equals(model)).toList();
            for (boolean inserted : new boolean[]{false, true}) {
                html.raw("<div class=\"charts\">\n");
                for (LanguageFaithfulness one : here)
                    figure(curves(one, inserted), Format.language(one.language()) + ", " + (inserted ? "insertion" : "deletion"));
                html.raw("</div>\n");
            }
            areas(here);
            if (here.stream().anyMatch(one -> !one.effects().isEmpty()))
                agreements(here);
        }
        html.end();
    }

    private void figure(String svg, String caption) {
        html.raw("<figure>").raw(svg).element("figcaption", caption).raw("</figure>\n");
    }

    /** The orders, as the first language has them. */
    private List<String> orders() {
        return results.getFirst().areas().stream().map(Area::order).toList();
    }

    private static String colour(List<String> orders, String order) {
        return order.equals(RANDOM) ? Chart.COLOURS.getLast() : Chart.COLOURS.get(orders.indexOf(order) % (Chart.COLOURS.size() - 1));
    }

    private void legend() {
        html.raw("<p class=\"legend\">");
        for (String order : orders())
            html.raw("<span><i style=\"background:" + colour(orders(), order) + "\"></i>")
                    .text(order.equals(RANDOM) ? "random, ± sd" : order)
                    .raw("</span>");
        html.raw("</p>\n");
    }

    private String curves(LanguageFaithfulness one, boolean inserted) {
        List<LineChart.Series> series = new ArrayList<>();
        for (Area area : one.areas()) {
            List<double[]> of = one.curves().stream().filter(curve -> curve.order().equals(area.order()))
                    .map(inserted ? OrderCurve::insertion : OrderCurve::deletion).toList();
            if (of.isEmpty())
                continue;
            double[] mean = new double[of.getFirst().length];
            double[] sd = new double[mean.length];
            for (int k = 0; k < mean.length; k++) {
                int at = k;
                SampleMean spread = SampleMean.of(of.stream().mapToDouble(values -> values[at]).toArray());
                mean[k] = spread.mean();
                sd[k] = spread.deviation();
            }
            series.add(new LineChart.Series(area.order(), mean, colour(orders(), area.order()), of.size() > 1 ? sd : null));
        }
        double[] shares = Arrays.stream(one.curves().getFirst().units()).mapToDouble(k -> (double) k / one.pool()).toArray();
        return LineChart.curves(shares, series, "% of " + Format.count(one.pool()) + " units " + (inserted ? "kept" : "deleted"),
                "Nats a token of " + one.language() + (inserted ? " while units are kept alone" : " while units are deleted"));
    }

    private void areas(List<LanguageFaithfulness> here) {
        html.table("").raw(
                "<caption>Area between the order and random orders</caption><thead><tr><th>Language</th><th>Order</th><th class=\"n\">Deletion</th>"
                        + "<th class=\"n\">Insertion</th></tr></thead><tbody>\n");
        for (LanguageFaithfulness one : here) {
            Area random = one.areas().getLast();
            boolean first = true;
            for (Area area : one.areas()) {
                html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? Format.language(one.language()) : "").element("td",
                        area.order());
                first = false;
                if (area.equals(random)) {
                    html.element("td class=\"n\"", "0 ± " + Format.number(area.deletionSd(), 3)).element("td class=\"n\"",
                            "0 ± " + Format.number(area.insertionSd(), 3));
                } else {
                    area(area.deletion(), random.deletionSd());
                    area(area.insertion(), random.insertionSd());
                }
                html.raw("</tr>\n");
            }
        }
        html.endTable();
    }

    private void area(double area, double sd) {
        html.element(Math.abs(area) <= 2 * sd ? "td class=\"n self\"" : "td class=\"n\"", Format.signed(area, 3));
    }

    private void agreements(List<LanguageFaithfulness> here) {
        html.table("").raw(
                "<caption>Agreement with the rise that zeroing a unit alone causes</caption><thead><tr><th>Language</th><th>Prediction</th><th class=\"n\">Units</th>"
                        + "<th class=\"n\">Pearson</th><th class=\"n\">Spearman</th></tr></thead><tbody>\n");
        for (LanguageFaithfulness one : here) {
            boolean first = true;
            for (Agreement agreement : one.agreements()) {
                html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? Format.language(one.language()) : "")
                        .element("td", agreement.prediction()).element("td class=\"n\"", Format.count(one.effects().size()));
                first = false;
                estimate(agreement.pearson());
                estimate(agreement.spearman());
                html.raw("</tr>\n");
            }
        }
        html.endTable();
        List<String> predictions = here.getFirst().agreements().stream().map(Agreement::prediction).toList();
        for (int p = 0; p < predictions.size(); p++)
            if (p == 0 || predictions.get(p).startsWith("gradient.")) {
                html.raw("<div class=\"charts\">\n");
                for (LanguageFaithfulness one : here)
                    scatter(one, p);
                html.raw("</div>\n");
            }
    }

    private void scatter(LanguageFaithfulness one, int prediction) {
        String name = one.agreements().get(prediction).prediction();
        figure(LineChart.points(one.effects().stream().mapToDouble(effect -> effect.predicted().get(prediction)).toArray(),
                one.effects().stream().mapToDouble(LanguageFaithfulness.UnitEffect::measured).toArray(), Chart.COLOURS.getFirst(), name,
                "What " + name + " predicts for a unit, and what zeroing it does, in " + one.language()),
                Format.language(one.language()) + ": measured rise, nats a token, over " + name);
    }

    private void estimate(PairedBootstrap.Estimate estimate) {
        html.raw("<td class=\"n\">").text(Format.number(estimate.value(), 3))
                .element("small" + (estimate.low() <= 0 && estimate.high() >= 0 ? " class=\"noise\"" : ""),
                        Format.number(estimate.low(), 3) + " … " + Format.number(estimate.high(), 3))
                .raw("</td>");
    }
}
