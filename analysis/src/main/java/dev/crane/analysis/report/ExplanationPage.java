package dev.crane.analysis.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

import dev.crane.analysis.explain.Explanation;
import dev.crane.analysis.explain.Explanation.Prediction;
import dev.crane.analysis.explain.Explanation.Token;
import dev.crane.engine.CraneVersion;

/** Renders an {@link Explanation} as one HTML file that needs nothing else: no network, no scripts. */
public final class ExplanationPage {
    private static final int MOST_RELEVANT = 12;
    /** Opacity of the largest relevance; ink on it still has a contrast of 4.5. */
    private static final double DARKEST = 0.62;

    private final Explanation explanation;
    private final Html html = new Html();

    private ExplanationPage(Explanation explanation) {
        this.explanation = explanation;
    }

    /** The whole page. */
    public static String render(Explanation explanation) {
        return new ExplanationPage(explanation).render();
    }

    private String render() {
        html.begin("Token relevance, " + explanation.model() + " – CRANE", "report.css", "explanation.css");
        html.raw("<header>").element("p class=\"kicker\"", "CRANE token relevance");
        html.element("h1", explanation.model() + (explanation.mask() == null ? "" : ", masked"));
        html.raw("<p class=\"lead\">Each token is shaded by what ").element("b", what()).text(" (")
                .text(Format.number(explanation.value(), 3)).raw(") owes to it.</p></header>\n");
        heat();
        html.raw("<div class=\"two\">\n<div>");
        mostRelevant();
        html.raw("</div>\n<div>");
        predictions();
        html.raw("</div>\n</div>\n");
        everyToken();
        provenance();
        return html.raw("</main>\n</body>\n</html>\n").toString();
    }

    /** The target in words. */
    private String what() {
        return switch (explanation.target()) {
            case "last-logit" -> "the logit of the most likely next token, “" + visible(explanation.predictions().getFirst().text()) + "”";
            case "mean-logit" -> "the mean logit of the text's own tokens";
            case "mean-logprob" -> "the mean log-probability of the text's own tokens";
            case "contrastive" -> "the mean lead of the text's own tokens over the next best";
            default -> "the target " + explanation.target();
        };
    }

    private void heat() {
        html.raw("<p class=\"heat\" dir=\"auto\">");
        for (int t = 0; t < explanation.tokens().size(); t++) {
            Token token = explanation.tokens().get(t);
            html.raw("<span" + kind(token) + " style=\"background:" + shade(token.relevance()) + "\" title=\"").text(tip(t, token))
                    .raw("\">");
            String text = token.text();
            for (int from = 0; from < text.length();) {
                int end = text.indexOf('\n', from);
                html.text(visible(text.substring(from, end < 0 ? text.length() : end)));
                if (end >= 0)
                    html.raw("<span class=\"break\">↵</span>\n");
                from = end < 0 ? text.length() : end + 1;
            }
            html.raw("</span>");
        }
        html.raw("</p>\n<p class=\"scale\"><span>against, " + Format.signed(-explanation.scale(), 3) + "</span><i></i><span>for, "
                + Format.signed(explanation.scale(), 3) + "</span>");
        double first = Math.abs(explanation.tokens().getFirst().relevance());
        if (first > explanation.scale())
            html.raw("<span>(the first token, at " + Format.signed(explanation.tokens().getFirst().relevance(), 3)
                    + ", is beyond the scale)</span>");
        html.raw("</p>\n");
    }

    private static String kind(Token token) {
        if (token.text().equals(Explanation.PART))
            return " class=\"part\"";
        return token.special() ? " class=\"special\"" : "";
    }

    private String shade(double relevance) {
        double share = explanation.scale() == 0 ? 0 : Math.min(1, Math.abs(relevance) / explanation.scale());
        return String.format(Locale.ROOT, "rgba(var(--%s),%.3f)", relevance < 0 ? "against" : "for", DARKEST * share);
    }

    private static String tip(int t, Token token) {
        return "position " + t + ", id " + token.id() + ": relevance " + Format.signed(token.relevance(), 4)
                + (token.logprob() == null ? "" : ", log-probability " + Format.number(token.logprob(), 2));
    }

    private void mostRelevant() {
        List<Token> tokens = explanation.tokens();
        html.element("h2", "Most relevant tokens").raw("<table class=\"bars\"><tbody>\n");
        IntStream.range(0, tokens.size()).boxed().sorted(Comparator.comparingDouble((Integer t) -> -Math.abs(tokens.get(t).relevance())))
                .limit(MOST_RELEVANT).forEach(t -> {
                    Token token = tokens.get(t);
                    html.raw("<tr>").element("td class=\"n\"", Integer.toString(t)).raw("<td>").element("code", visible(token.text()))
                            .raw("</td>").element("td class=\"n\"", Format.signed(token.relevance(), 3));
                    bar(Math.min(1, Math.abs(token.relevance()) / Math.max(explanation.scale(), Double.MIN_NORMAL)),
                            token.relevance() < 0 ? "against" : "for");
                    html.raw("</tr>\n");
                });
        html.raw("</tbody></table>");
    }

    private void predictions() {
        html.element("h2", "What may come next").raw("<table class=\"bars\"><tbody>\n");
        double largest = explanation.predictions().getFirst().probability();
        for (Prediction prediction : explanation.predictions()) {
            html.raw("<tr><td>").element("code", visible(prediction.text())).raw("</td>").element("td class=\"n\"",
                    Format.number(100 * prediction.probability(), 1) + " %");
            bar(prediction.probability() / largest, "plain");
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table>");
    }

    private void bar(double share, String kind) {
        html.raw(String.format(Locale.ROOT, "<td class=\"bar\"><i class=\"%s\" style=\"width:%.1f%%\"></i></td>", kind, 100 * share));
    }

    private void everyToken() {
        html.raw("<details><summary>Every token</summary>\n<table><thead><tr><th class=\"n\">Position</th><th class=\"n\">Id</th>"
                + "<th>Token</th><th class=\"n\">Relevance</th><th class=\"n\">Log-probability</th></tr></thead><tbody>\n");
        for (int t = 0; t < explanation.tokens().size(); t++) {
            Token token = explanation.tokens().get(t);
            html.raw("<tr>").element("td class=\"n\"", Integer.toString(t)).element("td class=\"n\"", Integer.toString(token.id()))
                    .raw("<td>").element("code", visible(token.text())).raw("</td>")
                    .element("td class=\"n\"", Format.signed(token.relevance(), 4))
                    .element("td class=\"n\"", token.logprob() == null ? "–" : Format.number(token.logprob(), 3)).raw("</tr>\n");
        }
        html.raw("</tbody></table></details>\n");
    }

    private void provenance() {
        html.element("h2", "Provenance").raw("<table class=\"provenance\"><tbody>\n");
        row("Model", explanation.model());
        row("Mask", explanation.mask() == null ? "none" : explanation.mask());
        row("Rule", explanation.rule());
        row("Target", explanation.target() + " = " + Format.number(explanation.value(), 4));
        row("Sum of relevance", Format.number(explanation.sum(), 4) + "; without the first token "
                + Format.number(explanation.sumWithoutFirst(), 4));
        row("Made by", "crane " + CraneVersion.get());
        html.raw("</tbody></table>\n");
    }

    private void row(String name, String value) {
        html.raw("<tr>").element("th", name).element("td", value).raw("</tr>\n");
    }

    /** White space and control characters as something to see. */
    private static String visible(String text) {
        return text.replace("\r", "␍").replace("\n", "↵").replace("\t", "⇥").replaceAll("\\p{Cntrl}", "\uFFFD");
    }
}
