package dev.crane.analysis.report;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Curves and points as plain SVG, in the coordinate system of {@link Chart}. */
final class LineChart {
    private static final int WIDTH = 340;
    private static final int HEIGHT = 180;
    private static final int LEFT = 40;
    private static final int BOTTOM = 32;
    private static final int TOP = 8;
    private static final int RIGHT = 10;
    /** Where the horizontal axis is labelled, as far as it goes. */
    private static final double[] SHARES = {0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1};

    private LineChart() {
    }

    /**
     * A curve.
     *
     * @param name shown where the pointer rests
     * @param y values at the chart's x
     * @param colour of the line
     * @param spread at each x how far the values lie apart, shown as a band; or null
     */
    record Series(String name, double[] y, String colour, double[] spread) {}

    /**
     * Curves over shares from 0 to 1, on a square-root axis, which opens the beginning.
     *
     * @param shares x of every curve, ascending from 0
     * @param axis what x is
     * @param label what the chart shows, for readers that cannot see it
     */
    static String curves(double[] shares, List<Series> all, String axis, String label) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Series series : all)
            for (int i = 0; i < series.y.length; i++) {
                double apart = series.spread == null ? 0 : series.spread[i];
                low = Math.min(low, series.y[i] - apart);
                high = Math.max(high, series.y[i] + apart);
            }
        Scale y = new Scale(low, high, HEIGHT - BOTTOM, TOP);
        Scale x = new Scale(0, Math.sqrt(shares[shares.length - 1]), LEFT, WIDTH - RIGHT);
        StringBuilder svg = open(label);
        y.ticks(svg);
        for (double share : SHARES)
            if (share <= shares[shares.length - 1])
                text(svg, x.at(Math.sqrt(share)), HEIGHT - BOTTOM + 13, "middle", Chart.compact(100 * share));
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 4, "middle", axis);
        double[] at = Arrays.stream(shares).map(share -> x.at(Math.sqrt(share))).toArray();
        for (Series series : all)
            if (series.spread != null) {
                svg.append("<polygon fill=\"").append(series.colour).append("\" opacity=\"0.2\" points=\"");
                for (int i = 0; i < at.length; i++)
                    point(svg, at[i], y.at(series.y[i] + series.spread[i]));
                for (int i = at.length - 1; i >= 0; i--)
                    point(svg, at[i], y.at(series.y[i] - series.spread[i]));
                svg.append("\"/>");
            }
        for (Series series : all) {
            svg.append("<polyline fill=\"none\" stroke=\"").append(series.colour).append("\" stroke-width=\"1.8\" points=\"");
            for (int i = 0; i < at.length; i++)
                point(svg, at[i], y.at(series.y[i]));
            svg.append("\"><title>").append(Html.escape(series.name)).append("</title></polyline>");
        }
        return svg.append("</svg>").toString();
    }

    /** Points, with lines through 0 of either number. */
    static String points(double[] xs, double[] ys, String colour, String axis, String label) {
        Scale x = new Scale(least(xs), most(xs), LEFT + 4, WIDTH - RIGHT - 4);
        Scale y = new Scale(least(ys), most(ys), HEIGHT - BOTTOM - 4, TOP + 4);
        StringBuilder svg = open(label);
        y.ticks(svg);
        for (double end : new double[]{least(xs), 0, most(xs)})
            text(svg, x.at(end), HEIGHT - BOTTOM + 13, end == 0 ? "middle" : end < 0 ? "start" : "end", Chart.compact(end));
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 4, "middle", axis);
        svg.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#bbb\"/>", x.at(0), x.at(0), TOP,
                HEIGHT - BOTTOM));
        svg.append("<path stroke=\"").append(colour).append("\" stroke-width=\"4\" stroke-linecap=\"round\" opacity=\"0.55\" d=\"");
        for (int i = 0; i < xs.length; i++)
            svg.append(String.format(Locale.ROOT, "M%.1f %.1fh0", x.at(xs[i]), y.at(ys[i])));
        return svg.append("\"/></svg>").toString();
    }

    private static double least(double[] values) {
        return Math.min(0, Arrays.stream(values).min().orElse(0));
    }

    private static double most(double[] values) {
        return Math.max(0, Arrays.stream(values).max().orElse(0));
    }

    /** Values from {@code low} to {@code high} on a line of the drawing. */
    private record Scale(double low, double high, double from, double to) {
        double at(double value) {
            return from + (high == low ? 0.5 : (Math.clamp(value, low, high) - low) / (high - low)) * (to - from);
        }

        /** Lines across the drawing at three to eight round values. */
        void ticks(StringBuilder svg) {
            double step = Chart.tick(Math.max(high - low, Double.MIN_NORMAL));
            for (double tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) {
                double value = Math.abs(tick) < step * 1e-9 ? 0 : tick;
                svg.append(
                        String.format(Locale.ROOT, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>", LEFT, WIDTH - RIGHT,
                                at(value), at(value), value == 0 ? "#bbb" : "#e4e4e4"));
                text(svg, LEFT - 4, at(value) + 3.5, "end", Chart.compact(value));
                if (high == low)
                    break;
            }
        }
    }

    private static StringBuilder open(String label) {
        return Chart.open(new StringBuilder(), WIDTH, HEIGHT, label);
    }

    private static void point(StringBuilder svg, double x, double y) {
        svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, Html.escape(text)));
    }
}
