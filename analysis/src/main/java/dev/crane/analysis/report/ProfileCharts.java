package dev.crane.analysis.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

import dev.crane.engine.profile.OpProfile;
import dev.crane.engine.profile.OpRun;
import dev.crane.engine.profile.OpTotal;
import dev.crane.engine.profile.Roofline;

import static dev.crane.analysis.report.Html.escape;
import static dev.crane.analysis.report.ProfilePage.milliseconds;
import static dev.crane.analysis.report.ProfilePage.number;

/** The pictures of a {@link ProfilePage}, as SVG. */
final class ProfileCharts {
    private static final int WIDTH = 1056;
    /** Boxes of a timeline: as many as a browser draws without delay; a pass of a small model has a few hundred. */
    private static final int MOST_BOXES = 2500;
    /** Rows of a timeline, the last of them for all other ops. */
    private static final int LANES = 10;

    private ProfileCharts() {
    }

    @SuppressWarnings("AnnotateFormatMethod") // would be a dependency for one private method
    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    private static StringBuilder open(int height, String label) {
        return new StringBuilder(format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, height, escape(label)));
    }

    /** A bar each: how long, and how long at least. */
    static String bars(List<OpTotal> totals, double all, String label) {
        int row = 19;
        int left = 190;
        int right = 230;
        double longest = totals.stream().mapToDouble(OpTotal::micros).max().orElse(1);
        StringBuilder svg = open(totals.size() * row + 4, label);
        for (int i = 0; i < totals.size(); i++) {
            OpTotal total = totals.get(i);
            double scale = (WIDTH - left - right) / Math.max(longest, 1e-9);
            double y = i * row + 3.0;
            String colour = Chart.COLOURS.get(0);
            String name = total.name().isEmpty() ? "–" : total.name();
            svg.append(format("<text class=\"b\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", left - 7, y + 11.5, escape(name)));
            svg.append(format("<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"%s\" fill-opacity=\"0.28\"/>", left, y,
                    Math.max(total.micros() * scale, 0.5), colour));
            svg.append(format("<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"%s\"><title>%s</title></rect>", left, y,
                    Math.min(total.least(), total.micros()) * scale, colour,
                    escape(name + ": " + milliseconds(total.micros()) + " ms, at least " + milliseconds(total.least()) + " ms")));
            svg.append(format("<text class=\"b\" x=\"%.1f\" y=\"%.1f\">%s ms · %.1f %% · roofline %.0f %%</text>",
                    left + total.micros() * scale + 7, y + 11.5, milliseconds(total.micros()), 100 * total.micros() / all,
                    100 * total.roofShare()));
        }
        return svg.append("</svg>").toString();
    }

    /** Operations a second over operations a byte, both logarithmic, with the device's limits. */
    static String roofline(OpProfile profile) {
        List<OpTotal> ops = profile.ops().stream().filter(op -> op.work().flop() > 0 && op.micros() > 0).toList();
        Roofline roof = profile.roofline();
        double fewest = ops.stream().mapToDouble(ProfileCharts::intensity).min().orElse(0.1);
        double most = ops.stream().mapToDouble(ProfileCharts::intensity).max().orElse(100);
        double slowest = ops.stream().mapToDouble(OpTotal::gigaflops).min().orElse(1);
        double fastest = ops.stream().mapToDouble(OpTotal::gigaflops).max().orElse(1);
        Axis x = new Axis(Math.min(fewest, roof.ridge()) / 2, Math.max(most, roof.ridge()) * 2, 60, WIDTH - 12);
        Axis y = new Axis(Math.min(slowest, roof.flops() / 1e9 / 100) / 2, Math.max(fastest, roof.flops() / 1e9) * 2, 350, 10);
        StringBuilder svg = open(392, "Roofline");
        for (int p = x.firstPower(); p <= x.lastPower(); p++)
            svg.append(
                    format("<line class=\"grid\" x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"10\" y2=\"350\"/><text class=\"b\" x=\"%1$.1f\" y=\"366\""
                            + " text-anchor=\"middle\">%2$s</text>", x.at(Math.pow(10, p)), power(p)));
        for (int p = y.firstPower(); p <= y.lastPower(); p++)
            svg.append(
                    format("<line class=\"grid\" x1=\"60\" x2=\"%2$d\" y1=\"%1$.1f\" y2=\"%1$.1f\"/><text class=\"b\" x=\"54\" y=\"%3$.1f\""
                            + " text-anchor=\"end\">%4$s</text>", y.at(Math.pow(10, p)), WIDTH - 12, y.at(Math.pow(10, p)) + 4, power(p)));
        svg.append(format("<text class=\"b\" x=\"%d\" y=\"386\" text-anchor=\"middle\">FLOP a byte</text>", WIDTH / 2));
        svg.append("<text class=\"b\" x=\"64\" y=\"22\">GFLOP/s</text>");
        double start = Math.max(x.low, y.low * 1e9 / roof.bytesPerSecond());
        svg.append(format("<polyline class=\"roof\" points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f\"/>", x.at(start),
                y.at(start * roof.bytesPerSecond() / 1e9), x.at(roof.ridge()), y.at(roof.flops() / 1e9), x.at(x.high),
                y.at(roof.flops() / 1e9)));
        svg.append(format("<text class=\"b\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s GFLOP/s</text>", WIDTH - 16,
                y.at(roof.flops() / 1e9) - 5, number(roof.flops() / 1e9)));
        svg.append(format("<text class=\"b\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s GB/s</text>",
                x.at(Math.sqrt(start * roof.ridge())) - 8, y.at(Math.sqrt(start * roof.ridge()) * roof.bytesPerSecond() / 1e9) - 2,
                number(roof.bytesPerSecond() / 1e9)));
        List<OpTotal> all = profile.ops();
        double time = profile.all().micros();
        for (int i = ops.size() - 1; i >= 0; i--) { // the longest on top
            OpTotal op = ops.get(i);
            double cx = x.at(intensity(op));
            double cy = y.at(op.gigaflops());
            double radius = 3 + 26 * Math.sqrt(op.micros() / time);
            svg.append(format(
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" fill-opacity=\"0.55\" stroke=\"#fff\"><title>%s</title></circle>",
                    cx, cy, radius, colour(all, op.name()), escape(op.name() + ": " + number(intensity(op)) + " FLOP a byte, "
                            + number(op.gigaflops()) + " GFLOP/s, " + number(op.gigabytesPerSecond()) + " GB/s, "
                            + milliseconds(op.micros())
                            + " ms")));
            if (op.micros() > time / 50)
                svg.append(format("<text class=\"b\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                        cx > WIDTH * 0.8 ? cx - radius - 3 : cx + radius + 3, cy + 4, cx > WIDTH * 0.8 ? "end" : "start",
                        escape(op.name())));
        }
        return svg.append("</svg>").toString();
    }

    private static double intensity(OpTotal op) {
        return (double) op.work().flop() / op.work().bytes();
    }

    private static String power(int p) {
        return p >= -2 && p <= 4 ? String.format(Locale.ROOT, p < 0 ? "%." + -p + "f" : "%,.0f", Math.pow(10, p)) : "1e" + p;
    }

    /** A logarithmic axis. */
    private record Axis(double low, double high, double from, double to) {
        double at(double value) {
            return from + (to - from) * Math.log(value / low) / Math.log(high / low);
        }

        int firstPower() {
            return (int) Math.ceil(Math.log10(low));
        }

        int lastPower() {
            return (int) Math.floor(Math.log10(high));
        }
    }

    private static int lane(List<OpTotal> ops, String op) {
        int at = IntStream.range(0, ops.size()).filter(i -> ops.get(i).name().equals(op)).findFirst().orElseThrow();
        return Math.min(at, LANES - 1);
    }

    private static String colour(List<OpTotal> ops, String op) {
        int lane = lane(ops, op);
        return Chart.COLOURS.get(Math.min(lane, Chart.COLOURS.size() - 1));
    }

    /** The last ops that were kept: the first ones of a process are those that are still being compiled. */
    static String timeline(OpProfile profile) {
        List<OpRun> all = profile.log().runs();
        List<OpRun> runs = all.subList(Math.max(0, all.size() - MOST_BOXES), all.size());
        List<OpTotal> ops = profile.ops();
        int lanes = Math.min(LANES, ops.size());
        int row = 20;
        int left = 190;
        double from = runs.getFirst().timing().startMicros();
        double to = runs.stream().mapToDouble(run -> run.timing().startMicros() + run.timing().micros()).max().orElseThrow();
        double scale = (WIDTH - left - 8) / Math.max(to - from, 1e-9);
        StringBuilder svg = open(lanes * row + 26, "Timeline");
        for (int lane = 0; lane < lanes; lane++) {
            String name = lane == LANES - 1 && ops.size() > LANES ? "others" : ops.get(lane).name();
            svg.append(
                    format("<text class=\"b\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", left - 7, lane * row + 14, escape(name)));
            svg.append(format("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", left, WIDTH - 8, lane * row + 19,
                    lane * row + 19));
        }
        for (OpRun run : runs) {
            String where = (run.layer() >= 0 ? "layer " + run.layer() + ", " : "") + run.site();
            svg.append(format("<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"15\" fill=\"%s\"><title>%s</title></rect>",
                    left + (run.timing().startMicros() - from) * scale, lane(ops, run.op()) * row + 3,
                    Math.max(run.timing().micros() * scale, 0.3), colour(ops, run.op()),
                    escape(run.op() + ", " + where + ": " + number(run.timing().micros()) + " µs")));
        }
        int base = lanes * row + 16;
        svg.append(format("<text class=\"b\" x=\"%d\" y=\"%d\">%s ms</text>", left, base, milliseconds(from)));
        svg.append(format("<text class=\"b\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s ms</text>", WIDTH - 8, base, milliseconds(to)));
        return svg.append("</svg>").toString();
    }
}
