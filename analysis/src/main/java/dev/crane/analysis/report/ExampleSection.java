package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;

import dev.crane.analysis.explain.Explanation;
import dev.crane.analysis.report.ReportData.Example;
import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.analysis.report.ReportData.Token;
import dev.crane.analysis.report.ReportData.TopUnit;

/** The units that stand out most and the samples that drive them, their tokens shaded by what each gives to the unit's score. */
final class ExampleSection {
    /** Shades on either side of nothing; a class of the style sheet each. */
    private static final int SHADES = 5;
    /** Tokens that are shown of a sample: around the one that gives most. */
    private static final int TOKENS = 110;
    /** Code points of a sample without tokens. */
    private static final int LENGTH = 160;

    private final SelectionGroups groups;
    private final Html html;

    ExampleSection(ReportData data, Html html) {
        this.groups = new SelectionGroups(data.selections());
        this.html = html;
    }

    void write() {
        if (groups.selections().stream().allMatch(s -> s.top().isEmpty()))
            return;
        html.section("units", "Units", "Units that stand out most, and the texts that drive them",
                "For each method and language the units with the largest value, and the identification samples on which their score is largest. A token is shaded by what it gives to that unit's score "
                        + "there: <span class=\"p4\">for</span> it, <span class=\"m4\">against</span> it; for methods that look at relevance value × modified gradient at the token, for methods that look at "
                        + "activations the value. The scale is the example's own.");
        html.raw("<p id=\"find\" hidden=\"hidden\"><label>Find a unit or a word <input type=\"search\"/></label> <span></span></p>\n");
        boolean several = groups.models().size() > 1;
        boolean first = true;
        for (SelectionGroups.Group group : groups.all())
            for (Selection s : group.selections()) {
                if (s.top().isEmpty())
                    continue;
                html.raw("<details class=\"units\"" + (first ? " open=\"open\"" : "") + ">").element("summary",
                        (several ? group.model() + ", " : "") + group.method() + ", " + Format.language(s.language()));
                first = false;
                String quantity = s.histogram() == null ? "value" : s.histogram().quantity();
                for (TopUnit unit : s.top())
                    unit(unit, quantity, s.language());
                html.endDetails();
            }
        html.end();
    }

    private void unit(TopUnit unit, String quantity, String language) {
        html.raw("<div class=\"unit\"><h4>").text("layer " + unit.point().layer() + ", " + unit.point().site().label() + " " + unit.unit())
                .element("small", quantity + " " + Chart.compact(unit.value())).raw("</h4>");
        for (Example example : unit.examples()) {
            html.raw("<p lang=\"").text(language).raw("\" dir=\"auto\">").element("span class=\"score\"", Chart.compact(example.score()))
                    .text(" ");
            if (example.tokens().isEmpty())
                html.text(cut(example.text()));
            else
                tokens(example.tokens());
            html.text(" ").element("span class=\"line\"", "line " + (example.line() + 1)).raw("</p>");
        }
        html.raw("</div>\n");
    }

    /** Tokens that are a part of a character count with the one that completes it. */
    private static List<Token> whole(List<Token> tokens) {
        List<Token> whole = new ArrayList<>();
        float value = 0;
        for (int t = 0; t < tokens.size(); t++) {
            value += tokens.get(t).value();
            if (t < tokens.size() - 1 && tokens.get(t).text().equals(Explanation.PART))
                continue;
            whole.add(new Token(tokens.get(t).text(), value));
            value = 0;
        }
        return whole;
    }

    private void tokens(List<Token> all) {
        List<Token> tokens = whole(all);
        int strongest = 0;
        for (int t = 0; t < tokens.size(); t++)
            if (Math.abs(tokens.get(t).value()) > Math.abs(tokens.get(strongest).value()))
                strongest = t;
        double most = Math.abs(tokens.get(strongest).value());
        int from = Math.clamp(strongest - TOKENS / 2, 0, Math.max(0, tokens.size() - TOKENS));
        int to = Math.min(tokens.size(), from + TOKENS);
        html.text(from > 0 ? "… " : "");
        for (int t = from; t < to; t++) {
            Token token = tokens.get(t);
            int shade = most == 0 ? 0 : (int) Math.round(SHADES * Math.abs(token.value()) / most);
            String text = token.text().replaceAll("[\\p{Cntrl}&&[^\\n\\t]]", "\uFFFD");
            if (shade == 0)
                html.text(text);
            else
                html.raw("<b class=\"" + (token.value() < 0 ? "m" : "p") + shade + "\""
                        + (shade > 1 ? " title=\"" + Chart.compact(token.value()) + "\"" : "") + ">").text(text).raw("</b>");
        }
        html.text(to < tokens.size() ? " …" : "");
    }

    private static String cut(String text) {
        return text.codePointCount(0, text.length()) <= LENGTH ? text : text.substring(0, text.offsetByCodePoints(0, LENGTH)) + "…";
    }
}
