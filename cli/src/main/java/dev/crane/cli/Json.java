package dev.crane.cli;

import java.io.PrintWriter;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/** What {@code --json} prints: one document, indented, numbers in full. */
public final class Json {
    private Json() {
    }

    /**
     * Prints {@code value}.
     *
     * @param value a record of records, lists, maps, strings and numbers; its first component is {@code format}, such as {@code crane/doctor@1}
     */
    public static void print(PrintWriter out, Object value) {
        JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
                .build();
        out.println(mapper.writeValueAsString(value));
        out.flush();
    }
}
