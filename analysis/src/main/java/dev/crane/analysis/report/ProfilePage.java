package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import dev.crane.engine.CraneVersion;
import dev.crane.engine.profile.OpProfile;
import dev.crane.engine.profile.OpTotal;
import dev.crane.engine.profile.Roofline;

/** Renders a profile as one HTML file that needs nothing else: no network, no scripts. */
public final class ProfilePage {
    private static final int MOST_BARS = 24;

    private final OpProfile profile;
    private final Html html = new Html();

    private ProfilePage(OpProfile profile) {
        this.profile = profile;
    }

    /** The whole page. */
    public static String render(OpProfile profile) {
        return new ProfilePage(profile).render();
    }

    private String render() {
        html.begin("Profile – CRANE", "report.css", "profile.css");
        Roofline roofline = profile.roofline();
        html.raw("<header>").element("p class=\"kicker\"", "CRANE profile");
        html.element("h1", profile.log().device());
        html.element("p class=\"lead\"",
                Format.count(profile.all().launches()) + " ops took " + milliseconds(profile.all().micros()) + " ms of "
                        + milliseconds(profile.log().spanMicros())
                        + " ms. Measured here: matrix products " + number(roofline.flops() / 1e9) + " GFLOP/s, memory "
                        + number(roofline.bytesPerSecond() / 1e9) + " GB/s.");
        html.raw("</header>\n");
        if (profile.all().launches() > 0) {
            section("ops", "Where the time goes",
                    "Time of each op, all sites and layers together. The filled part is the least time that the"
                            + " device's measured rates would allow for its bytes and operations; the rest is what could be won.",
                    profile.ops());
            roof();
            html.section("timeline", "Timeline", "Timeline",
                    "Ops one after another, a row for each of those that take most. A box tells its site and layer when pointed at.");
            html.raw(ProfileCharts.timeline(profile)).end();
            section("sites", "By site", "The places in the model, all layers together.", profile.sites());
            layers();
            if (!profile.kernels().isEmpty())
                kernels();
        }
        html.raw("<footer>").text("CRANE " + CraneVersion.get() + "; docs/profiling.md tells how each number is defined.")
                .raw("</footer>\n");
        return html.raw("</main>\n</body>\n</html>\n").toString();
    }

    private void section(String id, String heading, String how, List<OpTotal> totals) {
        html.section(id, heading, heading, how);
        html.raw(ProfileCharts.bars(totals.subList(0, Math.min(MOST_BARS, totals.size())), profile.all().micros(), heading));
        table(id.equals("ops") ? "op" : "site", totals);
        html.end();
    }

    private void roof() {
        html.section("roofline", "Roofline", "Roofline",
                "A dot is an op: operations a byte across, operations a second upwards, area as its time. On the line it could not be faster on this"
                        + " device; above it, its operands came from a cache. Ops without operations (copies) are not in it.");
        html.raw(ProfileCharts.roofline(profile)).end();
    }

    private void layers() {
        html.section("layers", "By layer", "By layer",
                "The last bar holds what belongs to no layer: embedding, final norm, logits, target.");
        List<OpTotal> named = new ArrayList<>();
        for (OpTotal layer : profile.layers())
            named.add(new OpTotal(layer.name().equals("-1") ? "none" : "layer " + layer.name(), layer.launches(), layer.micros(),
                    layer.work(),
                    layer.least()));
        html.raw(ProfileCharts.bars(named, profile.all().micros(), "By layer")).end();
    }

    private void kernels() {
        html.section("kernels", "Kernels and products", "Kernels and products", "What the ops launched on the device.");
        html.raw(
                "<table><thead><tr><th>kernel</th><th class=\"n\">launches</th><th class=\"n\">ms</th><th class=\"n\">µs each</th></tr></thead><tbody>\n");
        for (OpTotal kernel : profile.kernels()) {
            html.raw("<tr>").element("td", kernel.name());
            cells(Format.count(kernel.launches()), milliseconds(kernel.micros()), number(kernel.micros() / kernel.launches()));
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table>").end();
    }

    private void table(String what, List<OpTotal> totals) {
        html.raw("<table><thead><tr>").element("th", what);
        for (String column : List.of("launches", "ms", "share", "MB", "GFLOP", "GB/s", "GFLOP/s", "roofline"))
            html.element("th class=\"n\"", column);
        html.raw("<th>bound by</th></tr></thead><tbody>\n");
        for (OpTotal total : totals) {
            html.raw("<tr>").element("td", total.name().isEmpty() ? "–" : total.name());
            cells(Format.count(total.launches()), milliseconds(total.micros()),
                    Format.number(100 * total.micros() / profile.all().micros(), 1) + " %",
                    number(total.work().bytes() / 1e6), number(total.work().flop() / 1e9), number(total.gigabytesPerSecond()),
                    number(total.gigaflops()), Format.number(100 * total.roofShare(), 0) + " %");
            html.element("td", profile.roofline().boundByMemory(total.work()) ? "memory" : "arithmetic").raw("</tr>\n");
        }
        html.raw("</tbody></table>");
    }

    private void cells(String... numbers) {
        for (String number : numbers)
            html.element("td class=\"n\"", number);
    }

    static String milliseconds(double micros) {
        return number(micros / 1e3);
    }

    /** Three digits or so. */
    static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : value >= 1 || value == 0 ? "%.2f" : "%.3f",
                value);
    }
}
