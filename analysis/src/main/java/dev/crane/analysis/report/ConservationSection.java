package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.collect.LedgerFile.Stage;

/** How much of the target the rule brings to the embedding, and where the rest goes: the conservation ledgers. */
final class ConservationSection {
    /** Losses that no stage shows in its four decimals have no column. */
    private static final double SHOWN = 5e-5;
    /** Of the target; what is less shows as 0.0 %. */
    private static final double WORTH_SAYING = 5e-4;
    /** Some ten f32 operations on each term of a stage leave 1e-6 at most; what is well above has another cause. */
    private static final double ROUNDING = 1e-5;

    private final List<LanguageLedger> ledgers;
    private final Html html;

    ConservationSection(List<LanguageLedger> ledgers, Html html) {
        this.ledgers = ledgers;
        this.html = html;
    }

    void write() {
        if (ledgers.isEmpty())
            return;
        html.section("conservation", "Conservation", "Conservation: where the relevance goes",
                "A rule sends the target's value back from the head to the embedding. What it does not bring there is lost on the way, for a reason that has a name: the softmax of attention, "
                        + "biases, norms, what an ε takes. A negative loss is relevance that was made. <b>Unexplained</b> is what no name accounts for, relative to all relevance that passes a stage: "
                        + "rounding, if rule and engine are right. Means over a few samples of each language, of the model without a mask.");
        List<String> models = ledgers.stream().map(LanguageLedger::model).distinct().toList();
        for (String model : models) {
            if (models.size() > 1)
                html.element("h3", model);
            List<LanguageLedger> here = ledgers.stream().filter(one -> one.model().equals(model)).toList();
            sums(here);
            for (LanguageLedger one : here) {
                html.element("p", sentence(one));
                stages(one);
            }
        }
        html.end();
    }

    // ---- in words ----

    /** How much of the target is conserved and where the rest went. */
    static String sentence(LanguageLedger one) {
        LedgerFile ledger = one.ledger();
        List<String> losses = new ArrayList<>();
        ledger.losses().forEach((name, value) -> {
            double share = share(value, ledger);
            if (Math.abs(share) >= WORTH_SAYING)
                losses.add(words(name) + (share > 0 ? " takes " : " adds ") + percent(Math.abs(share)));
        });
        return Format.language(one.language()) + ": " + ledger.rule() + " brings " + percent(share(ledger.arrived(), ledger))
                + " of the target to the embedding; " + (losses.isEmpty() ? "nothing is lost on the way" : listed(losses)) + "; "
                + (ledger.error() <= ROUNDING
                        ? "all else is rounding."
                        : "up to " + power(ledger.error()) + " of what passes a stage is unexplained, more than the rounding of f32.");
    }

    private static String words(String loss) {
        return switch (loss) {
            case "softmax" -> "the softmax of attention";
            case "bias" -> "what goes to biases";
            case "norm" -> "the norms' scaling";
            case "activation" -> "the MLP's nonlinearity";
            case "epsilon" -> "what the rule takes at linear layers";
            case "softcap" -> "the softcap of the logits";
            case "target" -> "the target's own nonlinearity";
            default -> loss;
        };
    }

    private static String listed(List<String> parts) {
        return parts.size() == 1 ? parts.getFirst() : String.join(", ", parts.subList(0, parts.size() - 1)) + " and " + parts.getLast();
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "–" : Format.number(100 * share, 1) + " %";
    }

    /** Of the target; NaN where that is 0. */
    private static double share(double value, LedgerFile ledger) {
        return ledger.target() == 0 ? Double.NaN : value / ledger.target();
    }

    /** {@code 3e−8}. */
    private static String power(double value) {
        if (Double.isNaN(value))
            return "–";
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.0e", value).replaceFirst("e-0?", "e−").replaceFirst("e[+]0?", "e");
    }

    // ---- tables ----

    private void sums(List<LanguageLedger> here) {
        List<String> losses = shown(here);
        html.table("").raw("<caption>From the target to the embedding</caption><thead><tr><th>Language</th><th>Rule</th>");
        number("Target");
        losses.forEach(this::number);
        number("Arrives");
        number("Conserved");
        number("Unexplained, at most");
        html.raw("</tr></thead><tbody>\n");
        for (LanguageLedger one : here) {
            LedgerFile ledger = one.ledger();
            html.raw("<tr>").element("th", Format.language(one.language())).element("td", ledger.rule());
            cell(value(ledger.target()));
            for (String loss : losses)
                cell(value(ledger.losses().getOrDefault(loss, 0.0)));
            cell(value(ledger.arrived()));
            cell(percent(share(ledger.arrived(), ledger)));
            cell(power(ledger.error()));
            html.raw("</tr>\n");
        }
        html.endTable();
    }

    private void stages(LanguageLedger one) {
        List<String> losses = shown(List.of(one));
        html.details(Format.language(one.language()) + ", layer by layer");
        html.table("").raw("<thead><tr><th>Stage</th>");
        number("Comes in");
        losses.forEach(this::number);
        number("Goes on");
        number("Unexplained");
        html.raw("</tr></thead><tbody>\n");
        for (Stage stage : one.ledger().stages()) {
            html.raw("<tr>").element("th", stage.stage());
            cell(value(stage.in()));
            for (String loss : losses)
                cell(value(stage.losses().getOrDefault(loss, 0.0)));
            cell(value(stage.out()));
            cell(power(stage.error()));
            html.raw("</tr>\n");
        }
        html.endTable().endDetails();
    }

    /** The losses that any stage shows, in the ledger's order. */
    private static List<String> shown(List<LanguageLedger> ledgers) {
        return ledgers.stream().flatMap(one -> one.ledger().losses().keySet().stream()).distinct()
                .filter(loss -> ledgers.stream().flatMap(one -> one.ledger().stages().stream()).map(Stage::losses)
                        .map((Map<String, Double> of) -> of.getOrDefault(loss, 0.0)).anyMatch(value -> Math.abs(value) >= SHOWN))
                .toList();
    }

    private static String value(double value) {
        return Math.abs(value) < SHOWN ? "0" : Format.number(value, 4);
    }

    private void number(String heading) {
        html.element("th class=\"n\"", heading.substring(0, 1).toUpperCase(Locale.ROOT) + heading.substring(1));
    }

    private void cell(String value) {
        html.element("td class=\"n\"", value);
    }
}
