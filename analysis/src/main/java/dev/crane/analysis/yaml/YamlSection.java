package dev.crane.analysis.yaml;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

import dev.crane.engine.CraneException;

/** A mapping of a YAML file with a name for messages, read key by key with the types that are expected. */
public final class YamlSection {
    private final String name;
    private final YamlNode.Mapping mapping;

    private YamlSection(String name, YamlNode.Mapping mapping) {
        this.name = name;
        this.mapping = mapping;
    }

    /**
     * A mapping whose keys are free.
     *
     * @param name what the mapping is called in messages, such as {@code languages}; empty for the whole file
     */
    public static YamlSection free(String name, YamlNode node) {
        if (!(node instanceof YamlNode.Mapping mapping))
            throw node.place().error((name.isEmpty() ? "" : name + ": ") + "expected keys and values, found " + node.kind());
        return new YamlSection(name, mapping);
    }

    /** A mapping that may hold only these keys; an unknown one is an error that names the nearest. */
    public static YamlSection of(String name, YamlNode node, List<String> keys) {
        YamlSection section = free(name, node);
        for (YamlNode.Entry entry : section.mapping.entries())
            if (!keys.contains(entry.key()))
                throw entry.place().error("unknown key '" + entry.key() + "'" + (name.isEmpty() ? "" : " in " + name) + "; "
                        + Nearest.hint(entry.key(), keys));
        return section;
    }

    /** What the section is called in messages. */
    public String name() {
        return name;
    }

    /** Where the section begins. */
    public YamlNode.Place place() {
        return mapping.place();
    }

    /** All keys and values in the order of the file. */
    public List<YamlNode.Entry> entries() {
        return mapping.entries();
    }

    /** The value of a key, if it stands there and is not empty. */
    public Optional<YamlNode> find(String key) {
        return mapping.entries().stream().filter(entry -> entry.key().equals(key)).map(YamlNode.Entry::value)
                .filter(value -> !(value instanceof YamlNode.Scalar scalar && scalar.text().isEmpty())).findFirst();
    }

    /** The value of a key that must be there. */
    public YamlNode need(String key) {
        return find(key).orElseThrow(
                () -> place().error((name.isEmpty() ? "the file" : name) + " lacks the key '" + key + "'"));
    }

    /** The text of a key, if it is there. */
    public Optional<String> text(String key) {
        return find(key).map(node -> scalar(key, node, "a word").text());
    }

    /** What {@code reading} makes of the key's text, if it is there; a user's error that it throws gets the place in front. */
    public <T> Optional<T> value(String key, Function<String, T> reading) {
        return find(key).map(node -> {
            YamlNode.Scalar scalar = scalar(key, node, "a word");
            try {
                return reading.apply(scalar.text());
            } catch (CraneException e) {
                throw new CraneException(scalar.place() + ": " + e.getMessage(), e);
            }
        });
    }

    /** A whole number within bounds (both inclusive), if it is there. */
    public Optional<Long> whole(String key, long least, long most) {
        return find(key).map(node -> {
            String text = scalar(key, node, "a whole number").text();
            long value;
            try {
                value = new BigDecimal(text).longValueExact();
            } catch (ArithmeticException | NumberFormatException e) {
                throw node.place().error(key + ": expected a whole number, found " + node.kind());
            }
            if (value < least || value > most)
                throw node.place().error(key + ": " + value + " is not within " + least + " … " + most);
            return value;
        });
    }

    /** A finite number, if it is there. */
    public Optional<Double> number(String key) {
        return find(key).map(node -> {
            double value;
            try {
                value = Double.parseDouble(scalar(key, node, "a number").text());
            } catch (NumberFormatException e) {
                throw node.place().error(key + ": expected a number, found " + node.kind());
            }
            if (!Double.isFinite(value))
                throw node.place().error(key + ": expected a finite number, found " + node.kind());
            return value;
        });
    }

    /** The texts of a list, or the one text that stands in its place; empty if the key is not there. */
    public List<YamlNode.Scalar> texts(String key) {
        List<YamlNode.Scalar> texts = new ArrayList<>();
        for (YamlNode node : items(key))
            texts.add(scalar(key, node, "a word"));
        return texts;
    }

    /** The items of a list, or the one value that stands in its place; empty if the key is not there. */
    public List<YamlNode> items(String key) {
        return find(key).map(node -> node instanceof YamlNode.Sequence sequence ? sequence.items() : List.of(node)).orElse(List.of());
    }

    private static YamlNode.Scalar scalar(String key, YamlNode node, String expected) {
        if (node instanceof YamlNode.Scalar scalar)
            return scalar;
        throw node.place().error(key + ": expected " + expected + ", found " + node.kind());
    }
}
