package dev.crane.analysis.judge;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.analysis.experiment.MaskKey;
import dev.crane.analysis.table.JsonRows;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.table.TextTable;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A generated text that a judge is asked about, as a line of {@code crane generate --prompts} names it.
 *
 * @param id tells it from all others
 * @param model the model's name
 * @param key the mask
 * @param units how many units were masked
 * @param language of the prompt
 */
public record Generation(String id, String model, MaskKey key, int units, String language) {
    /**
     * Reads the lines of a file (JSON lines, or a list). Only {@code id} is needed; without {@code method} and {@code mask} a text is the unmasked model's.
     *
     * @throws CraneException one line that says what is wrong with the file
     */
    public static List<Generation> read(Path file) {
        List<Generation> generations = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (Row row : JsonRows.read(file, TextTable.read(file), null)) {
            String id = JudgeScores.id(row);
            if (!ids.add(id))
                throw new CraneException(row.origin() + ": the id " + FileErrors.quote(id) + " is there already");
            String mask = text(row, "mask");
            String method = text(row, "method");
            MaskKey key = method.isEmpty() && mask.isEmpty()
                    ? MaskKey.UNMASKED
                    : new MaskKey(method.isEmpty() ? "mask" : method, mask, text(row, "seed"));
            Object units = row.values().getOrDefault("units", 0L);
            if (!(units instanceof Long count) || count < 0 || count > Integer.MAX_VALUE)
                throw new CraneException(row.origin() + ": \"units\" is no number of units");
            generations.add(new Generation(id, text(row, "model"), key, count.intValue(), text(row, "language")));
        }
        if (generations.isEmpty())
            throw new CraneException(file + ": holds no generated texts");
        return generations;
    }

    private static String text(Row row, String key) {
        Object value = row.values().get(key);
        if (value instanceof Boolean || value instanceof List || value instanceof Map)
            throw new CraneException(row.origin() + ": \"" + key + "\" is no text");
        return value == null ? "" : value.toString();
    }
}
