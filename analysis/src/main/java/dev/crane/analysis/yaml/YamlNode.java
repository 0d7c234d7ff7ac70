package dev.crane.analysis.yaml;

import java.nio.file.Path;
import java.util.List;

import dev.crane.engine.CraneException;

/** A value of a YAML file together with its place. */
public sealed interface YamlNode {
    /** Where the value stands. */
    Place place();

    /** What the value is, for messages. */
    String kind();

    /**
     * A place in a file.
     *
     * @param file the file
     * @param line from 1
     * @param column from 1
     */
    record Place(Path file, int line, int column) {
        /** A user's error at this place. */
        public CraneException error(String message) {
            return new CraneException(this + ": " + message);
        }

        @Override
        public String toString() {
            return file + ":" + line + ":" + column;
        }
    }

    /**
     * A key and its value.
     *
     * @param key the key
     * @param place where the key stands
     * @param value its value
     */
    record Entry(String key, Place place, YamlNode value) {}

    /** Keys and values in the order of the file; each key stands once. */
    record Mapping(Place place, List<Entry> entries) implements YamlNode {
        @Override
        public String kind() {
            return "a mapping";
        }
    }

    /** Values in the order of the file. */
    record Sequence(Place place, List<YamlNode> items) implements YamlNode {
        @Override
        public String kind() {
            return "a list";
        }
    }

    /**
     * Anything else, as it is written.
     *
     * @param place where it stands
     * @param text what stands there, without quotes
     * @param type what it is taken for
     */
    record Scalar(Place place, String text, Type type) implements YamlNode {
        @Override
        public String kind() {
            return text.isEmpty() ? "nothing" : "'" + text + "'";
        }
    }

    /** What a scalar is taken for; quotes make a text of anything. */
    enum Type {
        /** {@code null}, {@code ~}, or nothing at all. */
        NOTHING,
        /** A whole number. */
        WHOLE,
        /** Another number. */
        NUMBER,
        /** {@code true} or {@code false}. */
        TRUTH,
        /** All else. */
        TEXT
    }

    /**
     * A value with a tag that is not one of YAML's own, such as {@code !function}: where a value is expected, none of those that are read.
     *
     * @param place where it stands
     * @param tag the tag, {@code !} first
     * @param text what stands behind the tag
     */
    record Tagged(Place place, String tag, String text) implements YamlNode {
        @Override
        public String kind() {
            return "'" + tag + " " + text + "'";
        }
    }
}
