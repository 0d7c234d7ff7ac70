package dev.crane.models.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

import tools.jackson.databind.JsonNode;

import dev.crane.engine.CraneException;
import dev.crane.models.json.JsonFile;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * A JSON object of settings, such as a model's {@code config.json}. A key that is absent or null takes the default, as in the classes of transformers
 * that write these files; a value of the wrong kind is an error that names file and key; keys that nobody asks for are ignored.
 */
public final class ModelConfig {
    /** Generous: published files have a few kilobytes. */
    private static final long LARGEST_FILE = 64 << 20;
    /** Larger than any width or vocabulary in use; keeps products of two sizes far from overflow. */
    private static final int LARGEST_SIZE = 1 << 24;

    private final Path file;
    private final String prefix;
    private final JsonNode node;

    private ModelConfig(Path file, String prefix, JsonNode node) {
        this.file = file;
        this.prefix = prefix;
        this.node = node;
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @throws CraneException if it cannot be read or is not that
     */
    public static ModelConfig read(Path file) {
        return new ModelConfig(file, "", JsonFile.read(file, LARGEST_FILE));
    }

    /**
     * Reads the bytes of such a file.
     *
     * @param file for messages
     */
    public static ModelConfig parse(Path file, byte[] json) {
        return new ModelConfig(file, "", JsonFile.parse(file, json));
    }

    /** The file it was read from. */
    public Path file() {
        return file;
    }

    /** Whether {@code key} is there and is not null. */
    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** Whether {@code key} is there and is null: said to be none, where its absence means a default. */
    public boolean isNull(String key) {
        return node.has(key) && node.get(key).isNull();
    }

    /** {@code FILE: KEY WHAT}. */
    public CraneException error(String key, String what) {
        return new CraneException(file + ": " + prefix + key + " " + what);
    }

    /** A width, count or length: a whole number from 1. */
    public int size(String key, int absent) {
        return size(key, LARGEST_SIZE, absent);
    }

    /** A whole number from 1 to {@code largest}. */
    public int size(String key, int largest, int absent) {
        if (!has(key)) {
            return absent;
        }
        double value = node.get(key).isNumber() ? node.get(key).doubleValue() : Double.NaN;
        if (!(value >= 1 && value <= largest) || value != Math.rint(value)) {
            throw error(key, "is " + shown(key) + ", not a whole number from 1 to " + largest);
        }
        return (int) value;
    }

    /** As {@link #size(String, int)}, under the first of these keys that is there: files of one class spell some settings in two ways. */
    public int size(List<String> keys, int absent) {
        return keys.stream().filter(this::has).findFirst().map(key -> size(key, absent)).orElse(absent);
    }

    /** A number from 0: 0 where it is null, {@code absent} where it is not there. */
    public double orNone(String key, double absent) {
        return isNull(key) ? 0 : positive(key, absent);
    }

    /** A finite number greater than 0. */
    public double positive(String key, double absent) {
        return has(key) ? positive(key) : absent;
    }

    /** A finite number greater than 0, which must be there. */
    public double positive(String key) {
        double value = number(key);
        if (!(value > 0)) {
            throw error(key, "is " + shown(key) + ", not a number greater than 0");
        }
        return value;
    }

    /** A finite number, which must be there. */
    public double number(String key) {
        if (!has(key)) {
            throw error(key, "is missing");
        }
        return finite(key, node.get(key));
    }

    /** A list of finite numbers, which must be there. */
    public List<Double> numbers(String key) {
        if (!has(key)) {
            throw error(key, "is missing");
        }
        return list(key, "numbers", element -> finite(key, element));
    }

    private double finite(String key, JsonNode value) {
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw error(key, "is or holds " + quote(value.toString()) + ", not a finite number");
        }
        return value.doubleValue();
    }

    /** True or false. */
    public boolean flag(String key, boolean absent) {
        if (!has(key)) {
            return absent;
        }
        if (!node.get(key).isBoolean()) {
            throw error(key, "is " + shown(key) + ", not true or false");
        }
        return node.get(key).booleanValue();
    }

    /** A string. */
    public Optional<String> text(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!node.get(key).isString()) {
            throw error(key, "is " + shown(key) + ", not a string");
        }
        return Optional.of(node.get(key).stringValue());
    }

    /** A list of strings; empty when absent. */
    public List<String> texts(String key) {
        return !has(key) ? List.of() : list(key, "strings", element -> {
            if (!element.isString()) {
                throw error(key, "holds " + quote(element.toString()) + ", not a string");
            }
            return element.stringValue();
        });
    }

    /** Token ids: one whole number from 0, or a list of them; empty when absent. */
    public List<Integer> tokenIds(String key) {
        if (!has(key)) {
            return List.of();
        }
        return node.get(key).isArray() ? list(key, "token ids", element -> tokenId(key, element)) : List.of(tokenId(key, node.get(key)));
    }

    private int tokenId(String key, JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
            throw error(key, "is or holds " + quote(value.toString()) + ", not a token id");
        }
        return value.intValue();
    }

    private <T> List<T> list(String key, String of, Function<JsonNode, T> element) {
        if (!node.get(key).isArray()) {
            throw error(key, "is " + shown(key) + ", not a list of " + of);
        }
        List<T> list = new ArrayList<>();
        node.get(key).forEach(e -> list.add(element.apply(e)));
        return list;
    }

    /** An object within this one. */
    public Optional<ModelConfig> object(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!node.get(key).isObject()) {
            throw error(key, "is " + shown(key) + ", not an object");
        }
        return Optional.of(new ModelConfig(file, prefix + key + ".", node.get(key)));
    }

    private String shown(String key) {
        return has(key) ? quote(node.get(key).toString()) : "missing";
    }
}
