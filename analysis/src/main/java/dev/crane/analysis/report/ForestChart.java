package dev.crane.analysis.report;

import java.util.List;
import java.util.Locale;

/** One line a method: the own language's rise with its interval, the mean of the others, and the random control. Sizes as in {@link Chart}. */
final class ForestChart {
    private static final int WIDTH = 380;
    private static final int LINE = 17;
    private static final int LEFT = 128;
    private static final int RIGHT = 12;

    private final StringBuilder svg = new StringBuilder();
    private final double low;
    private final double high;

    private ForestChart(double low, double high) {
        this.low = low;
        this.high = high;
    }

    static String of(List<MethodRow> rows, String label) {
        double low = 0;
        double high = 0.01;
        for (MethodRow row : rows)
            for (double value : new double[]{row.own().mean(), row.others(),
                    row.ownInterval() == null ? Double.NaN : row.ownInterval().low(),
                    row.ownInterval() == null ? Double.NaN : row.ownInterval().high(), row.controlRise().mean()}) {
                if (!Double.isFinite(value))
                    continue;
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        return new ForestChart(low, high).draw(rows, label);
    }

    private double x(double value) {
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT);
    }

    private String draw(List<MethodRow> rows, String label) {
        int bottom = rows.size() * LINE + 6;
        Chart.open(svg, WIDTH, bottom + 16, label);
        double step = Chart.tick(high - low);
        for (double value = Math.ceil(low / step) * step; value <= high * 1.0001; value += step) {
            boolean zero = Math.abs(value) < step / 2;
            svg.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"2\" y2=\"%d\" stroke=\"%s\"/>", x(value), x(value),
                    bottom,
                    zero ? "#8a949c" : "#e4e4e4"));
            svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>", x(value), bottom + 12,
                    zero ? "0" : Chart.compact(value)));
        }
        for (int i = 0; i < rows.size(); i++)
            line(rows.get(i), i * LINE + 12);
        return svg.append("</svg>").toString();
    }

    private void line(MethodRow row, double y) {
        boolean noise = row.verdict() == Verdict.NOISE || row.verdict() == Verdict.LESS;
        String colour = row.verdict() == Verdict.CONTROL ? "#6b6b6b" : noise ? "#8a6d3b" : "#0b5a8f";
        String name = row.method().length() > 21 ? row.method().substring(0, 20) + "…" : row.method();
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\"%s>%s</text>", LEFT - 6, y + 3.5,
                noise ? " font-style=\"italic\"" : "",
                Html.escape(name)));
        if (Double.isNaN(row.own().mean()))
            return;
        svg.append(String.format(Locale.ROOT, "<g><title>%s</title>",
                Html.escape(row.method() + ": own " + Format.meanAndSd(row.own(), 3, true)
                        + (row.ownInterval() == null ? "" : " (" + Format.range(row.ownInterval(), 3, true) + ")") + ", others "
                        + Format.signed(row.others(), 3)
                        + (row.control().isEmpty() ? "" : ", control " + Format.signed(row.controlRise().mean(), 3))
                        + ": " + row.verdict().words())));
        if (Double.isFinite(row.controlRise().mean()))
            svg.append(String.format(Locale.ROOT,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#555\" stroke-width=\"1.6\"/>",
                    x(row.controlRise().mean()),
                    x(row.controlRise().mean()), y - 6, y + 6));
        if (row.ownInterval() != null)
            svg.append(String.format(Locale.ROOT,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/>", x(row.ownInterval().low()),
                    x(row.ownInterval().high()), y, y, colour));
        if (Double.isFinite(row.others())) {
            double at = x(row.others());
            svg.append(String.format(Locale.ROOT, "<path d=\"M%.1f %.1f l4 4 l-4 4 l-4 -4 z\" fill=\"#fff\" stroke=\"%s\"/>", at, y - 4,
                    colour));
        }
        svg.append(
                String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\" fill=\"%s\"/></g>", x(row.own().mean()), y, colour));
    }
}
