package dev.crane.analysis.experiment;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.yaml.Nearest;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;

/** Reads what an arm does to its units: {@code intervention: zero}, {@code intervention: {kind: mean, of: others}}. */
final class TreatmentReader {
    static final String KEY = "intervention";
    private static final List<String> KINDS = List.of("zero", "mean", "constant", "percentile", "scale", "add");

    private TreatmentReader() {
    }

    /** The treatment of a method, if it says one. */
    static Optional<Treatment> read(YamlSection method) {
        return method.find(KEY).map(node -> node instanceof YamlNode.Scalar word ? named(word) : section(node));
    }

    private static Treatment named(YamlNode.Scalar word) {
        return switch (word.text()) {
            case "zero" -> new Treatment.Zero();
            case "mean" -> new Treatment.Mean(Treatment.Texts.ALL);
            default -> throw word.place().error(KEY + ": " + (KINDS.contains(word.text())
                    ? word.text() + " needs a number, such as {kind: " + word.text() + ", " + example(word.text()) + "}"
                    : "unknown kind '" + word.text() + "'; " + Nearest.hint(word.text(), KINDS)));
        };
    }

    private static String example(String kind) {
        return switch (kind) {
            case "percentile" -> "p: 95, of: others";
            case "scale" -> "factor: 0.5";
            default -> "value: 1";
        };
    }

    private static Treatment section(YamlNode node) {
        String kind = YamlSection.free(KEY, node).text("kind")
                .orElseThrow(() -> node.place().error(KEY + " lacks the key 'kind'; " + Nearest.hint("", KINDS)));
        return switch (kind) {
            case "zero" -> {
                of(node);
                yield new Treatment.Zero();
            }
            case "mean" -> new Treatment.Mean(texts(of(node, "of")));
            case "constant" -> new Treatment.Constant(number(of(node, "value"), "value"));
            case "percentile" -> {
                YamlSection section = of(node, "p", "of");
                yield new Treatment.Percentile(section.value("p", TreatmentReader::percent).orElseThrow(() -> lacks(section, "p")),
                        texts(section));
            }
            case "scale" -> new Treatment.Scale(number(of(node, "factor"), "factor"));
            case "add" -> {
                YamlSection section = of(node, "value", "sd", "of");
                if (section.find("sd").isEmpty()) {
                    section.find("of").ifPresent(of -> {
                        throw of.place().error(KEY + ": 'of' goes with 'sd', a multiple of the standard deviation over texts");
                    });
                    yield new Treatment.Add(number(section, "value"));
                }
                if (section.find("value").isPresent())
                    throw section.need("value").place()
                            .error(KEY + ": give a value or a multiple of the standard deviation (sd), not both");
                yield new Treatment.Shift(section.number("sd").orElseThrow(), texts(section));
            }
            default -> throw node.place().error(KEY + ": unknown kind '" + kind + "'; " + Nearest.hint(kind, KINDS));
        };
    }

    private static YamlSection of(YamlNode node, String... keys) {
        return YamlSection.of(KEY, node, Stream.concat(Stream.of("kind"), Stream.of(keys)).toList());
    }

    private static Treatment.Texts texts(YamlSection section) {
        return section.value("of", text -> Treatment.Texts.of(text)).orElse(Treatment.Texts.ALL);
    }

    private static double percent(String text) {
        double p;
        try {
            p = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new CraneException("p: expected a number from 0 to 100, found '" + text + "'", e);
        }
        if (!(p >= 0 && p <= 100))
            throw new CraneException("p: " + text + " is not within 0 … 100");
        return p;
    }

    private static float number(YamlSection section, String key) {
        float value = section.number(key).orElseThrow(() -> lacks(section, key)).floatValue();
        if (!Float.isFinite(value))
            throw section.need(key).place().error(KEY + ": " + key + ": too large for a 32-bit number");
        return value;
    }

    private static CraneException lacks(YamlSection section, String key) {
        return section.place().error(KEY + " lacks the key '" + key + "'");
    }
}
