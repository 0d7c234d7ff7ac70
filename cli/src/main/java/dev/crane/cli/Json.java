package dev.crane.cli;

import java.io.PrintWriter;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/** What {@code --json} prints: one document, indented, numbers in full, names in snake_case. */
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();
    private static final ObjectWriter INDENTED = MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT);

    private Json() {
    }

    /**
     * Prints {@code value}.
     *
     * @param value a record of records, lists, maps, strings and numbers; its first component is {@code format}, such as {@code crane/doctor@1}
     */
    public static void print(PrintWriter out, Object value) {
        out.println(INDENTED.writeValueAsString(value));
        out.flush();
    }

    /** What {@link #print} printed. */
    static <T> T read(JsonNode json, Class<T> type) {
        return MAPPER.treeToValue(json, type);
    }

    /** Prints {@code value} on one line, as JSON lines want it. */
    static void printLine(PrintWriter out, Object value) {
        out.println(MAPPER.writeValueAsString(value));
    }
}
