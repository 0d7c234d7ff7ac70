package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The methods side by side as a table ready for a paper, in Markdown and in LaTeX (with the package booktabs): a line a method, for each model that masks were
 * applied to and each that they were found on.
 */
final class PaperTable {
    static final String MARKDOWN = "summary.md";
    static final String LATEX = "summary.tex";

    private final ReportData data;
    private final MethodTable methods;

    PaperTable(ReportData data, MethodTable methods) {
        this.data = data;
        this.methods = methods;
    }

    /** A group of columns, one a language. */
    private record Columns(String heading, Function<MethodRow, String> value) {}

    private List<Columns> columns(boolean latex) {
        List<Columns> columns = new ArrayList<>();
        if (methods.rows().stream().anyMatch(row -> !Double.isNaN(row.own().mean()))) {
            columns.add(new Columns("own rise", row -> rise(row, latex)));
            columns.add(new Columns("others' rise", row -> Format.number(row.others(), 2)));
            columns.add(new Columns("selectivity", row -> Format.number(row.selectivity().mean(), 2)));
        }
        if (methods.rows().stream().anyMatch(row -> !Double.isNaN(row.f1().mean()))) {
            columns.add(new Columns("accuracy drop", row -> Format.number(100 * row.drop(), 1)));
            columns.add(new Columns("LangSpec-F1", row -> Format.number(row.f1().mean(), 2)));
        }
        return columns;
    }

    /** With half the width of its interval, or the deviation over seeds; and a dagger where it is no more than the control's. */
    private static String rise(MethodRow row, boolean latex) {
        if (Double.isNaN(row.own().mean()))
            return "–";
        double spread = row.seeds() > 1
                ? row.own().deviation()
                : row.ownInterval() == null ? Double.NaN : (row.ownInterval().high() - row.ownInterval().low()) / 2;
        String text = Format.number(row.own().mean(), 2)
                + (Double.isNaN(spread) ? "" : (latex ? " $\\pm$ " : " ± ") + Format.number(spread, 2));
        boolean noise = row.verdict() == Verdict.NOISE || row.verdict() == Verdict.LESS;
        return noise ? text + (latex ? "$^\\dagger$" : "†") : text;
    }

    private String legend(boolean latex) {
        String dagger = latex ? "$^\\dagger$" : "†";
        String pm = latex ? "$\\pm$" : "±";
        return "Own rise: rise of the masked language's negative log-likelihood on held-out text, nats a token, " + pm
                + " half the 95 " + (latex ? "\\%" : "%") + " paired-bootstrap interval (random: standard deviation over seeds); " + dagger
                + ": within noise of, or below, the random control (the interval of the difference does not lie above 0). Others' rise: mean of the other languages. "
                + "Selectivity: own rise / (own rise + others' rise), each at least 0; 0.5 is no preference."
                + (methods.tasks().isEmpty()
                        ? ""
                        : " Accuracy drop in points. LangSpec-F1: "
                                + (latex ? latex(data.langSpecF1().inWords()) : data.langSpecF1().inWords())
                                + ".");
    }

    private String caption(String model, String source) {
        return source.equals(model) ? model : "Masks found on " + source + ", applied to " + model;
    }

    private interface Part {
        void write(String model, String source, List<String> methods);
    }

    /** Each pair of models that something was measured on, a model alone first. */
    private void parts(Part part) {
        List<String> models = methods.models();
        for (boolean own : new boolean[]{true, false})
            for (String model : models)
                for (String source : models) {
                    if (source.equals(model) != own)
                        continue;
                    List<String> present = methods.methods().stream()
                            .filter(method -> data.languages().stream().anyMatch(l -> methods.find(model, method, source, l).isPresent()))
                            .toList();
                    if (!present.isEmpty())
                        part.write(model, source, present);
                }
    }

    String markdown() {
        StringBuilder text = new StringBuilder("# " + data.title() + "\n");
        List<Columns> columns = columns(false);
        parts((model, source, present) -> {
            text.append("\n**").append(caption(model, source)).append("**\n\n| method | units |");
            for (Columns group : columns)
                for (String language : data.languages())
                    text.append(' ').append(group.heading).append(", ").append(language).append(" |");
            text.append("\n|---|--:|").append("--:|".repeat(columns.size() * data.languages().size())).append('\n');
            for (String method : present) {
                text.append("| ").append(name(method).replace("|", "\\|")).append(" | ").append(units(model, method, source)).append(" |");
                for (Columns group : columns)
                    for (String language : data.languages())
                        text.append(' ').append(methods.find(model, method, source, language).map(group.value).orElse("–")).append(" |");
                text.append('\n');
            }
        });
        return text.append('\n').append(legend(false)).append('\n').toString();
    }

    String latex() {
        StringBuilder text = new StringBuilder("% Needs \\usepackage{booktabs,graphicx}\n");
        List<Columns> columns = columns(true);
        int languages = data.languages().size();
        parts((model, source, present) -> {
            text.append("\\begin{table*}\n\\centering\n\\caption{").append(latex(caption(model, source))).append(". ").append(legend(true))
                    .append("}\n\\resizebox{\\textwidth}{!}{%\n\\begin{tabular}{lr").append("r".repeat(languages).repeat(columns.size()))
                    .append("}\n\\toprule\n & ");
            for (Columns group : columns)
                text.append(" & \\multicolumn{").append(languages).append("}{c}{").append(latex(group.heading)).append('}');
            text.append(" \\\\\n");
            for (int g = 0; g < columns.size(); g++)
                text.append("\\cmidrule(lr){").append(3 + g * languages).append('-').append(2 + (g + 1) * languages).append('}');
            text.append("\nmethod & units");
            text.append((" & " + String.join(" & ", data.languages().stream().map(PaperTable::latex).toList())).repeat(columns.size()))
                    .append(" \\\\\n\\midrule\n");
            for (String method : present) {
                text.append(latex(name(method))).append(" & ").append(units(model, method, source).replace("–", "--"));
                for (Columns group : columns)
                    for (String language : data.languages())
                        text.append(" & ").append(methods.find(model, method, source, language).map(group.value).orElse("--")
                                .replace("−", "$-$").replace("–", "--"));
                text.append(" \\\\\n");
            }
            text.append("\\bottomrule\n\\end{tabular}}\n\\end{table*}\n\n");
        });
        return text.toString();
    }

    /** With what its masks do to their units, where that is not zeroing them. */
    private String name(String method) {
        String intervention = data.intervention(method);
        return intervention.equals("zero") ? method : method + " (" + intervention + ")";
    }

    private String units(String model, String method, String source) {
        int[] units = data.languages().stream().map(l -> methods.find(model, method, source, l)).flatMap(Optional::stream)
                .mapToInt(MethodRow::units).sorted().toArray();
        return units[0] == units[units.length - 1] ? Integer.toString(units[0]) : units[0] + "–" + units[units.length - 1];
    }

    /** Text with what LaTeX would take for a command escaped. */
    static String latex(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> escaped.append(switch (c) {
            case '\\' -> "\\textbackslash{}";
            case '&', '%', '$', '#', '_', '{', '}' -> "\\" + (char) c;
            case '~' -> "\\textasciitilde{}";
            case '^' -> "\\textasciicircum{}";
            case 'β' -> "$\\beta$";
            case '→' -> "$\\rightarrow$";
            default -> Character.toString(c);
        }));
        return escaped.toString();
    }
}
