package dev.crane.models.tokenizer.file;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import tools.jackson.databind.JsonNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A value in a JSON file together with the words that say where it stands, so that whatever is wrong with it can be told in one line.
 *
 * @param file the file
 * @param where the way to the value, as in {@code pre_tokenizer.pretokenizers[1]}; empty for the whole document
 * @param node the value
 */
public record JsonPlace(Path file, String where, JsonNode node) {
    /** The error that names this place. */
    public CraneException error(String what) {
        return new CraneException(file + ": " + (where.isEmpty() ? "" : where + ": ") + what);
    }

    /** The error for a component that nobody here knows. */
    public CraneException unknown(String kind, String type, String known) {
        return error("unknown " + kind + " " + FileErrors.quote(type) + "; CRANE knows " + known);
    }

    /** Whether {@code member} is there and is not null. */
    public boolean has(String member) {
        return node.isObject() && node.hasNonNull(member);
    }

    /** The value of {@code member}, which must be there. */
    public JsonPlace member(String member) {
        if (!node.isObject()) {
            throw error("is not an object");
        }
        if (!node.hasNonNull(member)) {
            throw error("has no " + FileErrors.quote(member));
        }
        return new JsonPlace(file, where.isEmpty() ? member : where + "." + member, node.get(member));
    }

    /** The objects in the array {@code member}, which must be there. */
    public List<JsonPlace> elements(String member) {
        JsonPlace array = member(member);
        if (!array.node.isArray()) {
            throw array.error("is not an array");
        }
        List<JsonPlace> elements = new ArrayList<>(array.node.size());
        for (JsonNode element : array.node) {
            elements.add(new JsonPlace(file, array.where + "[" + elements.size() + "]", element));
        }
        return elements;
    }

    /** This value, which must be a string. */
    public String text() {
        if (!node.isString()) {
            throw error("is not a string");
        }
        return node.stringValue();
    }

    /** The string {@code member}, which must be there. */
    public String text(String member) {
        return member(member).text();
    }

    /** The true or false {@code member}, or {@code absent} where it is not there. */
    public boolean flag(String member, boolean absent) {
        if (!has(member)) {
            return absent;
        }
        JsonPlace flag = member(member);
        if (!flag.node.isBoolean()) {
            throw flag.error("is not true or false");
        }
        return flag.node.booleanValue();
    }

    /** This value, which must be a whole number in {@code [0, bound)}. */
    public int integer(int bound) {
        if (!node.canConvertToInt() || !node.isIntegralNumber() || node.intValue() < 0 || node.intValue() >= bound) {
            throw error("is not a whole number from 0 to " + (bound - 1));
        }
        return node.intValue();
    }
}
