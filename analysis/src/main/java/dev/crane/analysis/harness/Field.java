package dev.crane.analysis.harness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.analysis.table.Row;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.engine.CraneException;
import dev.crane.models.jinja.Environment;
import dev.crane.models.jinja.Template;

/** What a key such as {@code doc_to_text} makes of a row. */
sealed interface Field {
    /** Its value for a row. */
    Object of(Row row);

    /** Where it stands, with its key: for messages. */
    String where();

    /** The value of a column. */
    record Column(String where, String name) implements Field {
        @Override
        public Object of(Row row) {
            if (!row.values().containsKey(name))
                throw new CraneException(where + ": " + row.origin() + " has no column '" + name + "'");
            return row.values().get(name);
        }
    }

    /** A template rendered with the row's values. */
    record Rendered(String where, Template template) implements Field {
        @Override
        public String of(Row row) {
            try {
                return template.render(row.values());
            } catch (CraneException e) {
                throw new CraneException(e.getMessage() + " (" + row.origin()
                        + (e.getMessage().endsWith("is undefined") ? "; its columns are " + String.join(", ", row.values().keySet()) : "")
                        + ")", e);
            }
        }
    }

    /** The same for every row: a whole number, or texts. */
    record Constant(String where, Object value) implements Field {
        @Override
        public Object of(Row row) {
            return value;
        }
    }

    /**
     * Reads one: the name of a column, a template, a whole number, or a list of texts.
     *
     * @param columns the data's columns
     */
    static Field read(String key, YamlNode node, Set<String> columns) {
        String where = node.place() + ": " + key;
        return switch (node) {
            case YamlNode.Scalar scalar -> read(where, scalar, columns);
            case YamlNode.Sequence sequence ->
                new Constant(where, sequence.items().stream().map(item -> TaskConfig.text(key, item)).toList());
            case YamlNode.Mapping mapping ->
                new Constant(where, mapping.entries().stream().map(entry -> TaskConfig.text(key, entry.value())).toList());
            case YamlNode.Tagged tagged -> throw tagged.place().error(key + ": " + tagged.tag() + " " + tagged.text()
                    + ": Python is never run; write it as a Jinja template");
        };
    }

    private static Field read(String where, YamlNode.Scalar scalar, Set<String> columns) {
        if (scalar.type() == YamlNode.Type.WHOLE)
            return new Constant(where, Long.valueOf(scalar.text()));
        if (columns.contains(scalar.text()))
            return new Column(where, scalar.text());
        return new Rendered(where, Template.parse(where, scalar.text(), Environment.HARNESS));
    }

    /** A value of a YAML file as one of a row's. */
    static Object value(YamlNode node) {
        return switch (node) {
            case YamlNode.Scalar scalar -> switch (scalar.type()) {
                case NOTHING -> null;
                case WHOLE -> Long.valueOf(scalar.text());
                case NUMBER -> Double.valueOf(scalar.text());
                case TRUTH -> Boolean.valueOf(scalar.text());
                case TEXT -> scalar.text();
            };
            case YamlNode.Sequence sequence -> {
                List<Object> items = new ArrayList<>();
                sequence.items().forEach(item -> items.add(value(item)));
                yield items;
            }
            case YamlNode.Mapping mapping -> map(mapping);
            case YamlNode.Tagged tagged -> throw tagged.place().error(tagged.kind() + " is not read: Python is never run");
        };
    }

    /** A mapping of a YAML file as a row's values. */
    static Map<String, Object> map(YamlNode.Mapping mapping) {
        Map<String, Object> values = new LinkedHashMap<>();
        mapping.entries().forEach(entry -> values.put(entry.key(), value(entry.value())));
        return values;
    }
}
