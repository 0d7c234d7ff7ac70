package dev.crane.models.json;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** A file that holds one JSON object: read whole, refused in one line when it is too large, is not that, or gives one key twice. */
public final class JsonFile {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // Python's json writes Infinity
            .build();

    private JsonFile() {
    }

    /**
     * Reads a file.
     *
     * @param largest how many bytes such a file may have
     * @throws CraneException if it cannot be read or is not one JSON object
     */
    public static JsonNode read(Path file, long largest) {
        try {
            if (Files.size(file) > largest) {
                throw new CraneException(file + ": has " + Files.size(file) + " bytes, more than the " + largest + " such a file may have");
            }
            return parse(file, Files.readAllBytes(file));
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    /**
     * Reads a file's bytes.
     *
     * @param file for messages
     */
    public static JsonNode parse(Path file, byte[] json) {
        JsonNode node;
        try {
            node = JSON.readTree(json);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String where = at == null || at.getLineNr() < 0 ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
            throw new CraneException(file + ": is not valid JSON: " + FileErrors.oneLine(e.getOriginalMessage()) + where, e);
        }
        if (!node.isObject()) {
            throw new CraneException(file + ": is not a JSON object");
        }
        return node;
    }
}
