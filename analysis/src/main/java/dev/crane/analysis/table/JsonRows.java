package dev.crane.analysis.table;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** Rows from JSON: an object a line, a list of objects, or a list within an object. */
public final class JsonRows {
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private JsonRows() {
    }

    /**
     * The rows of a file.
     *
     * @param field the key of the list within the file's object; null: the file is lines or a list
     */
    public static List<Row> read(Path file, String text, String field) {
        List<Row> rows = new ArrayList<>();
        String begin = text.stripLeading();
        if (field != null || begin.startsWith("[")) {
            JsonNode root = parse(text, file.toString());
            JsonNode list = field == null ? root : root.path(field);
            if (!list.isArray())
                throw new CraneException(file + ": has no list " + (field == null ? "of objects" : "\"" + field + "\""));
            for (JsonNode node : list)
                rows.add(row(node, file + ": item " + (rows.size() + 1)));
            return rows;
        }
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (line.isBlank())
                continue;
            rows.add(row(parse(line, file + ": line " + number), file + ": line " + number));
        }
        return rows;
    }

    private static JsonNode parse(String text, String origin) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            throw new CraneException(origin + " is no JSON: " + FileErrors.oneLine(e.getOriginalMessage()), e);
        }
    }

    private static Row row(JsonNode node, String origin) {
        if (!node.isObject())
            throw new CraneException(origin + " is no JSON object");
        return new Row(origin, object(node));
    }

    private static Map<String, Object> object(JsonNode node) {
        Map<String, Object> values = new LinkedHashMap<>();
        node.properties().forEach(entry -> values.put(entry.getKey(), value(entry.getValue())));
        return values;
    }

    private static Object value(JsonNode node) {
        if (node.isObject())
            return object(node);
        if (node.isArray()) {
            List<Object> items = new ArrayList<>();
            node.forEach(item -> items.add(value(item)));
            return items;
        }
        if (node.isString())
            return node.stringValue();
        if (node.isBoolean())
            return node.booleanValue();
        if (node.isIntegralNumber() && node.canConvertToLong())
            return node.longValue();
        return node.isNumber() ? node.doubleValue() : null;
    }
}
