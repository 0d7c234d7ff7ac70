package dev.crane.analysis.table;

import java.util.Map;

/**
 * A row of a table in a file.
 *
 * @param origin where it stands, for messages: {@code test.jsonl: line 3}
 * @param values by column: null, Boolean, Long, Double, String, List or Map
 */
public record Row(String origin, Map<String, Object> values) {}
