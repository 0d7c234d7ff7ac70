package dev.crane.cli;

import java.io.PrintWriter;
import java.util.Locale;

import dev.crane.analysis.explain.Explanation;
import dev.crane.analysis.explain.Explanation.Token;

/** The relevance of a text's tokens in a terminal: as the text on shades of red (for) and blue (against), or as a table of signed numbers. */
final class HeatMap {
    private static final String RESET = "\033[0m";
    /** Of the 256-color palette, which terminals have had for long, from pale to strong; what is nearly zero stays as it is. */
    private static final int[] FOR = {224, 217, 210, 203, 196};
    private static final int[] AGAINST = {195, 153, 117, 75, 33};
    private static final int BAR = 20;

    private final Explanation explanation;
    private final PrintWriter out;

    HeatMap(Explanation explanation, PrintWriter out) {
        this.explanation = explanation;
        this.out = out;
    }

    /** The text, shaded, and a legend. */
    void printColored() {
        for (Token token : explanation.tokens()) {
            String[] lines = visible(token.text()).split("\n", -1);
            for (int i = 0; i < lines.length; i++)
                out.print((i > 0 ? "\n" : "") + colored(lines[i], token.relevance()));
        }
        out.print("\n\n");
        for (int i = AGAINST.length - 1; i >= 0; i--)
            out.print(background(AGAINST[i], "  "));
        out.print("  ");
        for (int color : FOR)
            out.print(background(color, "  "));
        out.print(String.format(Locale.ROOT, "  from %+.3f (against) to %+.3f (for)%n", -explanation.scale(), explanation.scale()));
        float first = explanation.tokens().getFirst().relevance();
        if (Math.abs(first) > explanation.scale())
            out.print(String.format(Locale.ROOT, "The first token, at %+.3f, is beyond the scale.%n", first));
    }

    /** A line for each token. */
    void printPlain() {
        Table table = new Table().number("").text("token").number("relevance").text("");
        for (int t = 0; t < explanation.tokens().size(); t++) {
            Token token = explanation.tokens().get(t);
            int length = (int) Math.round(BAR * Math.min(1, share(token.relevance())));
            table.row(t, Table.cut(visible(token.text()).replace("\n", ""), 30),
                    String.format(Locale.ROOT, "%+.3f", token.relevance()), (token.relevance() < 0 ? "-" : "+").repeat(length));
        }
        table.print(out);
    }

    private double share(float relevance) {
        return explanation.scale() == 0 ? 0 : Math.abs(relevance) / explanation.scale();
    }

    private String colored(String text, float relevance) {
        int shade = (int) Math.ceil(Math.min(1, share(relevance)) * (FOR.length + 1)) - 2; // the lowest sixth has no shade
        return shade < 0 || text.isEmpty() ? text : background((relevance < 0 ? AGAINST : FOR)[shade], text);
    }

    private static String background(int color, String text) {
        return "\033[38;5;16;48;5;" + color + "m" + text + RESET;
    }

    /** Ends of lines and control characters as something to see; the latter could make the terminal do anything. */
    static String visible(String text) {
        return text.replace("\r", "␍").replace("\n", "↵\n").replace("\t", "⇥").replaceAll("[\\p{Cntrl}&&[^\n]]", "\uFFFD");
    }
}
