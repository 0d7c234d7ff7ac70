package dev.crane.analysis.report;

import java.util.List;
import java.util.Locale;

/** Plain SVG charts. Sizes are in CSS pixels of the drawing's own coordinate system; the page scales it. */
final class Chart {
    /** Fill colours of series, distinguishable without colour vision (Okabe and Ito 2008). */
    static final List<String> COLOURS = List.of("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#6b6b6b");

    private Chart() {
    }

    /**
     * Grouped bars: for each category one bar a series.
     *
     * @param categories labels below the axis
     * @param values [series][category], not negative
     * @param label what the chart shows, for readers that cannot see it
     */
    static String groupedBars(List<String> categories, double[][] values, String label) {
        int width = 460;
        int height = 150;
        int left = 34;
        int bottom = 20;
        double top = 1;
        for (double[] series : values)
            for (double value : series)
                top = Math.max(top, value);
        double scale = (height - bottom - 10) / top;
        StringBuilder svg = open(width, height, label);
        yAxis(svg, left, width, height - bottom, scale, top);
        double group = (width - left - 4.0) / categories.size();
        double bar = group * 0.8 / values.length;
        for (int c = 0; c < categories.size(); c++) {
            for (int s = 0; s < values.length; s++) {
                double tall = values[s][c] * scale;
                svg.append(String.format(Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%s</title></rect>",
                        left + c * group + group * 0.1 + s * bar, height - bottom - tall, Math.max(bar - 0.5, 0.5), tall,
                        COLOURS.get(s % COLOURS.size()),
                        Html.escape(categories.get(c) + ": " + Format.number(values[s][c], 0))));
            }
            if (categories.size() <= 16 || c % (categories.size() / 12) == 0)
                svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                        left + (c + 0.5) * group, height - 6,
                        Html.escape(categories.get(c))));
        }
        return svg.append("</svg>").toString();
    }

    /** A histogram with a logarithmic count axis; bins at and above the threshold are in the second colour. */
    static String histogram(ReportData.Histogram histogram, String label) {
        int width = 300;
        int height = 130;
        int left = 6;
        int bottom = 20;
        long most = 1;
        for (long count : histogram.counts())
            most = Math.max(most, count);
        double scale = (height - bottom - 8) / Math.log1p((double) most);
        StringBuilder svg = open(width, height, label);
        int bins = histogram.counts().length;
        double step = (histogram.high() - histogram.low()) / bins;
        double bar = (width - left - 6.0) / bins;
        for (int i = 0; i < bins; i++) {
            double from = histogram.low() + i * step;
            double tall = Math.log1p((double) histogram.counts()[i]) * scale;
            svg.append(String.format(Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%s</title></rect>", left + i * bar,
                    height - bottom - tall, Math.max(bar - 0.6, 0.4), tall,
                    from + step / 2 >= histogram.threshold() ? COLOURS.get(5) : "#9fb4c4",
                    Format.count(histogram.counts()[i]) + " units from " + compact(from) + " to " + compact(from + step)));
        }
        double at = left + (histogram.threshold() - histogram.low()) / (histogram.high() - histogram.low()) * bar * bins;
        if (at >= left && at <= width)
            svg.append(String.format(Locale.ROOT,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"4\" y2=\"%d\" stroke=\"#b03a00\" stroke-dasharray=\"3 2\"/>", at, at,
                    height - bottom));
        svg.append(String.format(Locale.ROOT, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#999\"/>", left, width - 6,
                height - bottom, height - bottom));
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\">%s</text>", left, height - 6, compact(histogram.low())));
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>", width / 2, height - 6,
                Html.escape(histogram.quantity())));
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", width - 6, height - 6,
                compact(histogram.high())));
        return svg.append("</svg>").toString();
    }

    private static StringBuilder open(int width, int height, String label) {
        return open(new StringBuilder(), width, height, label);
    }

    static StringBuilder open(StringBuilder svg, int width, int height, String label) {
        return svg.append("<svg viewBox=\"0 0 " + width + " " + height + "\" role=\"img\" aria-label=\"" + Html.escape(label) + "\">");
    }

    private static void yAxis(StringBuilder svg, int left, int width, int base, double scale, double top) {
        double step = Math.max(tick(top), 1); // counts
        for (double value = 0; value <= top * 1.0001; value += step)
            svg.append(String.format(Locale.ROOT,
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    left, width - 4,
                    base - value * scale, base - value * scale, value == 0 ? "#999" : "#e4e4e4", left - 4, base - value * scale + 3.5,
                    compact(value)));
    }

    /** A step of 1, 2 or 5 times a power of ten that gives three to six ticks. */
    static double tick(double top) {
        double power = Math.pow(10, Math.floor(Math.log10(top)));
        double ratio = top / power;
        return ratio >= 6 ? 2 * power : ratio >= 3 ? power : ratio >= 1.5 ? power / 2 : power / 5;
    }

    /** Few digits, whatever the size. */
    static String compact(double value) {
        if (value == 0)
            return "0";
        double size = Math.abs(value);
        if (size >= 1e6 || size < 1e-3)
            return String.format(Locale.ROOT, "%.1e", value).replace("e-0", "e-").replace("e+0", "e").replace('-', '−');
        String text = String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 1 ? "%.1f" : "%.3f", value).replace('-', '−');
        return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }
}
