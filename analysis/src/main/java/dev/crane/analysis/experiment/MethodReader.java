package dev.crane.analysis.experiment;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import dev.crane.analysis.identify.Budget;
import dev.crane.analysis.identify.KurtosisZ;
import dev.crane.analysis.identify.Method;
import dev.crane.analysis.identify.RelevanceShareMargin;
import dev.crane.analysis.yaml.Nearest;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/** Reads a method of an experiment file. */
final class MethodReader {
    private static final List<String> NAMES = List.of("crane", "crane-kurtosis", "random");
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
        return switch (name) {
            case "crane" -> crane(section(node, name, "units", "rule", "target", "score", "budget", "threshold", "mean"), scores);
            case "crane-kurtosis" ->
                kurtosis(section(node, name, "units", "rule", "target", "score", "z", "budget", "margin", "preference"), scores);
            case "random" -> random(section(node, name, "match", "uniform", "seeds"), before);
            default -> throw any.need("name").place().error("unknown method '" + name + "'; " + Nearest.hint(name, NAMES));
        };
    }

    private static YamlSection section(YamlNode node, String name, String... keys) {
        return YamlSection.of("method " + name, node, Stream.concat(Stream.of("name", "label"), Stream.of(keys)).toList());
    }

    private static String label(YamlSection section) {
        return section.text("label").orElseGet(() -> section.text("name").orElseThrow());
    }

    private static MethodEntry crane(YamlSection section, ScoreSettings scores) {
        Optional<Budget> budget = section.value("budget", MethodReader::budget);
        Optional<Budget> threshold = section.value("threshold", MethodReader::above);
        if (budget.isPresent() && threshold.isPresent())
            throw section.need("threshold").place().error(section.name() + ": give a budget or a threshold, not both");
        boolean absolute = section.value("mean", text -> switch (text) {
            case "signed" -> false;
            case "absolute" -> true;
            default -> throw new CraneException("mean: expected signed or absolute, found '" + text + "'");
        }).orElse(false);
        return byScores(section, scores,
                new RelevanceShareMargin(absolute, budget.or(() -> threshold).orElse(RelevanceShareMargin.DEFAULT.budget())));
    }

    private static MethodEntry kurtosis(YamlSection section, ScoreSettings scores) {
        Optional<Budget> budget = section.value("budget", MethodReader::budget);
        Optional<Budget> z = section.value("z", MethodReader::above);
        if (budget.isPresent() && z.isPresent())
            throw section.need("z").place().error(section.name() + ": give a budget or a bar in z, not both");
        try {
            return byScores(section, scores,
                    new KurtosisZ(budget.or(() -> z).orElse(KurtosisZ.DEFAULT.budget()), optional(section.number("margin")),
                            optional(section.number("preference"))));
        } catch (CraneException e) {
            throw e.getMessage().startsWith(section.place().file() + ":")
                    ? e
                    : section.place().error(section.name() + ": " + e.getMessage());
        }
    }

    private static MethodEntry byScores(YamlSection section, ScoreSettings scores, Method method) {
        ScoreSettings.Kind kind = kind(section, scores.kind());
        Set<Site> units = units(section, scores.units());
        if (kind.score() == Score.ROW_GRADIENT)
            units.stream().filter(site -> !site.isLinear()).findFirst().ifPresent(site -> {
                throw section.place().error(section.name() + ": row-gradient needs the outputs of linear layers, and " + site.label()
                        + " is none; give other units");
            });
        return new MethodEntry.ByScores(label(section), kind, units, method);
    }

    private static MethodEntry random(YamlSection section, List<MethodEntry> before) {
        List<String> labels = before.stream().filter(entry -> entry instanceof MethodEntry.ByScores).map(MethodEntry::label).toList();
        String like = section.text("match").orElseThrow(
                () -> section.place().error("method random lacks the key 'match', the method whose masks it is a control for"));
        if (!labels.contains(like))
            throw section.need("match").place().error("match: no method above is called '" + like + "'"
                    + (labels.isEmpty() ? "" : "; " + Nearest.hint(like, labels)));
        long[] seeds = section.find("seeds").orElse(null) instanceof YamlNode.Sequence list
                ? list.items().stream().mapToLong(item -> seed(section, item)).distinct().toArray()
                : LongStream.rangeClosed(1, section.whole("seeds", 1, 1000).orElse(3L)).toArray();
        boolean uniform = section.value("uniform", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new CraneException("uniform: expected true or false, found '" + text + "'");
        }).orElse(false);
        return new MethodEntry.Random(label(section), like, uniform, seeds);
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

    static ScoreSettings.Kind kind(YamlSection section, ScoreSettings.Kind otherwise) {
        return new ScoreSettings.Kind(section.value("rule", Rule::named).orElse(otherwise.rule()),
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
