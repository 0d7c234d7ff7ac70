package dev.crane.analysis.experiment;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.identify.AveragePrecision;
import dev.crane.analysis.identify.Budget;
import dev.crane.analysis.identify.Identification;
import dev.crane.analysis.identify.KurtosisZ;
import dev.crane.analysis.identify.Lape;
import dev.crane.analysis.identify.Method;
import dev.crane.analysis.identify.Plnd;
import dev.crane.analysis.identify.ShareMargin;
import dev.crane.analysis.identify.TopValues;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.yaml.Nearest;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/** Reads a method of an experiment file. */
final class MethodReader {
    private static final List<String> NAMES = List.of("crane", "crane-kurtosis", "grad-x-act", "lape", "plnd", "average-precision",
            "mean-activation", "activation-frequency", "random");
    /** Where relevance can be read: everywhere but at the attention probabilities and the logits. */
    private static final Set<Site> UNITS = EnumSet.complementOf(EnumSet.of(Site.ATTN_PROBS, Site.LOGITS));

    private MethodReader() {
    }

    /**
     * Reads it.
     *
     * @param scores what a method has that does not say otherwise
     * @param before the methods that stand above it
     */
    static MethodEntry read(YamlNode node, ScoreSettings scores, List<MethodEntry> before) {
        YamlSection any = YamlSection.free("methods", node);
        String name = any.need("name") instanceof YamlNode.Scalar scalar ? scalar.text() : "";
        MethodEntry entry = switch (name) {
            case "crane" -> crane(section(node, name, "units", "rule", "target", "score", "budget", "threshold", "mean"), scores);
            case "crane-kurtosis" ->
                kurtosis(section(node, name, "units", "rule", "target", "score", "z", "budget", "margin", "preference"), scores);
            case "grad-x-act" -> gradient(section(node, name, "units", "target", "budget", "threshold", "mean"), scores);
            case "lape" -> lape(section(node, name, "units", "lowest", "bar"));
            case "plnd" -> plnd(section(node, name, "budget", "exclusive"));
            case "average-precision" -> averagePrecision(section(node, name, "units", "budget", "ends"));
            case "mean-activation" -> meanActivation(section(node, name, "units", "budget", "mean", "select"));
            case "activation-frequency" -> activationFrequency(section(node, name, "units", "budget", "select"));
            case "random" -> random(section(node, name, "match", "uniform", "seeds"), before);
            default -> throw any.need("name").place().error("unknown method '" + name + "'; " + Nearest.hint(name, NAMES));
        };
        if (entry instanceof MethodEntry.ByScores byScores)
            byScores.matchBudget().ifPresent(other -> requireAbove(any, "match-budget", other, before));
        return entry;
    }

    private static YamlSection section(YamlNode node, String name, String... keys) {
        return YamlSection.of("method " + name, node,
                Stream.concat(name.equals("random")
                        ? Stream.of("name", "label", TreatmentReader.KEY)
                        : Stream.of("name", "label", TreatmentReader.KEY, "match-budget"),
                        Stream.of(keys)).toList());
    }

    private static String label(YamlSection section) {
        return section.text("label").orElseGet(() -> section.text("name").orElseThrow());
    }

    private static MethodEntry crane(YamlSection section, ScoreSettings scores) {
        Optional<Budget> budget = section.value("budget", MethodReader::budget);
        Optional<Budget> threshold = section.value("threshold", MethodReader::above);
        if (budget.isPresent() && threshold.isPresent())
            throw section.need("threshold").place().error(section.name() + ": give a budget or a threshold, not both");
        return byScores(section, relevance(section, scores.quantity()), units(section, scores.units()),
                new ShareMargin("crane", absolute(section), budget.or(() -> threshold).orElse(ShareMargin.BUDGET)));
    }

    private static MethodEntry gradient(YamlSection section, ScoreSettings scores) {
        Optional<Budget> budget = section.value("budget", MethodReader::budget).or(() -> section.value("threshold", MethodReader::above));
        Quantity.Relevance quantity = new Quantity.Relevance(Rule.GRADIENT,
                section.value("target", Target::named).orElse(scores.quantity().target()), Score.RELEVANCE);
        return byScores(section, quantity, units(section, scores.units()),
                new ShareMargin("grad-x-act", absolute(section), budget.orElse(ShareMargin.BUDGET)));
    }

    private static boolean absolute(YamlSection section) {
        return choice(section, "mean", "signed", "absolute");
    }

    /** Whether a key has the second of its two values; the first is the default. */
    private static boolean choice(YamlSection section, String key, String first, String second) {
        return section.value(key, text -> {
            if (text.equals(first) || text.equals(second))
                return text.equals(second);
            throw new CraneException(key + ": expected " + first + " or " + second + ", found '" + text + "'");
        }).orElse(false);
    }

    private static MethodEntry lape(YamlSection section) {
        return at(section, () -> byScores(section, new Quantity.Activation(Reduction.COUNT_POSITIVE), units(section, Set.of(Site.MLP_ACT)),
                new Lape(section.number("lowest").orElse(Lape.DEFAULT.lowest()), section.number("bar").orElse(Lape.DEFAULT.bar()))));
    }

    private static MethodEntry plnd(YamlSection section) {
        return byScores(section, new Quantity.Contribution(), Set.of(Site.MLP_NEURON),
                new Plnd(choice(section, "exclusive", "false", "true"), budgetOf(section)));
    }

    private static MethodEntry averagePrecision(YamlSection section) {
        AveragePrecision.Ends ends = section.value("ends", text -> switch (text) {
            case "both" -> AveragePrecision.Ends.BOTH;
            case "top" -> AveragePrecision.Ends.TOP;
            case "bottom" -> AveragePrecision.Ends.BOTTOM;
            default -> throw new CraneException("ends: expected both, top or bottom, found '" + text + "'");
        }).orElse(AveragePrecision.DEFAULT.ends());
        return byScores(section, new Quantity.Activation(Reduction.MEAN), units(section, Set.of(Site.MLP_NEURON)),
                new AveragePrecision(ends, budgetOf(section)));
    }

    private static MethodEntry meanActivation(YamlSection section) {
        Quantity quantity = new Quantity.Activation(absolute(section) ? Reduction.MEAN_ABS : Reduction.MEAN);
        return byScores(section, quantity, units(section, Set.of(Site.MLP_ACT)), marginOrTop(section, "mean-activation"));
    }

    private static MethodEntry activationFrequency(YamlSection section) {
        return byScores(section, new Quantity.Activation(Reduction.COUNT_POSITIVE), units(section, Set.of(Site.MLP_ACT)),
                marginOrTop(section, "activation-frequency"));
    }

    private static Method marginOrTop(YamlSection section, String name) {
        return choice(section, "select", "margin", "top")
                ? new TopValues(name, false, budgetOf(section))
                : new ShareMargin(name, false, budgetOf(section));
    }

    private static Budget budgetOf(YamlSection section) {
        return section.value("budget", MethodReader::budget).orElse(ShareMargin.BUDGET);
    }

    private static MethodEntry kurtosis(YamlSection section, ScoreSettings scores) {
        Optional<Budget> budget = section.value("budget", MethodReader::budget);
        Optional<Budget> z = section.value("z", MethodReader::above);
        if (budget.isPresent() && z.isPresent())
            throw section.need("z").place().error(section.name() + ": give a budget or a bar in z, not both");
        return at(section, () -> byScores(section, relevance(section, scores.quantity()), units(section, scores.units()),
                new KurtosisZ(budget.or(() -> z).orElse(KurtosisZ.DEFAULT.budget()), optional(section.number("margin")),
                        optional(section.number("preference")))));
    }

    /** Says the place of a setting that a method refuses. */
    private static MethodEntry at(YamlSection section, Supplier<MethodEntry> entry) {
        try {
            return entry.get();
        } catch (CraneException e) {
            throw e.getMessage().startsWith(section.place().file() + ":")
                    ? e
                    : section.place().error(section.name() + ": " + e.getMessage());
        }
    }

    private static MethodEntry byScores(YamlSection section, Quantity quantity, Set<Site> units, Identification method) {
        if (quantity instanceof Quantity.Relevance relevance && relevance.score() == Score.ROW_GRADIENT)
            units.stream().filter(site -> !site.isLinear()).findFirst().ifPresent(site -> {
                throw section.place().error(section.name() + ": row-gradient needs the outputs of linear layers, and " + site.label()
                        + " is none; give other units");
            });
        return new MethodEntry.ByScores(label(section), quantity, units, method, section.text("match-budget"),
                TreatmentReader.read(section).orElse(new Treatment.Zero()));
    }

    private static void requireAbove(YamlSection section, String key, String label, List<MethodEntry> before) {
        List<String> labels = before.stream().filter(entry -> entry instanceof MethodEntry.ByScores).map(MethodEntry::label).toList();
        if (!labels.contains(label))
            throw section.need(key).place().error(key + ": no method above is called '" + label + "'"
                    + (labels.isEmpty() ? "" : "; " + Nearest.hint(label, labels)));
    }

    private static MethodEntry random(YamlSection section, List<MethodEntry> before) {
        String like = section.text("match").orElseThrow(
                () -> section.place().error("method random lacks the key 'match', the method whose masks it is a control for"));
        requireAbove(section, "match", like, before);
        long[] seeds = section.find("seeds").orElse(null) instanceof YamlNode.Sequence list
                ? list.items().stream().mapToLong(item -> seed(section, item)).distinct().toArray()
                : LongStream.rangeClosed(1, section.whole("seeds", 1, 1000).orElse(3L)).toArray();
        boolean uniform = choice(section, "uniform", "false", "true");
        // A control does what the method does that it is a control for, unless it says otherwise.
        Treatment treatment = TreatmentReader.read(section).orElseGet(
                () -> before.stream().filter(entry -> entry.label().equals(like)).findFirst().orElseThrow().treatment());
        return new MethodEntry.Random(label(section), like, uniform, seeds, treatment);
    }

    private static long seed(YamlSection section, YamlNode item) {
        try {
            return Long.parseLong(item instanceof YamlNode.Scalar scalar ? scalar.text() : "");
        } catch (NumberFormatException e) {
            throw item.place().error(section.name() + ": seeds: expected a whole number, found " + item.kind());
        }
    }

    /** A whole number counts units; anything else is a share of them. */
    private static Budget budget(String text) {
        return text.matches("\\d{1,9}") ? new Budget.Count(Integer.parseInt(text)) : new Budget.Fraction(number(text));
    }

    private static Budget above(String text) {
        return new Budget.Above(number(text));
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new CraneException("expected a number, found '" + text + "'", e);
        }
    }

    private static OptionalDouble optional(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    static Quantity.Relevance relevance(YamlSection section, Quantity.Relevance otherwise) {
        return new Quantity.Relevance(section.value("rule", Rule::named).orElse(otherwise.rule()),
                section.value("target", Target::named).orElse(otherwise.target()),
                section.value("score", Score::named).orElse(otherwise.score()));
    }

    static Set<Site> units(YamlSection section, Set<Site> otherwise) {
        Set<Site> units = EnumSet.noneOf(Site.class);
        for (YamlNode.Scalar label : section.texts("units"))
            units.add(Site.of(label.text()).filter(UNITS::contains).orElseThrow(
                    () -> label.place().error("units: no units at " + label.kind() + "; "
                            + Nearest.hint(label.text(), UNITS.stream().map(Site::label).toList()))));
        return units.isEmpty() ? EnumSet.copyOf(otherwise) : units;
    }
}
