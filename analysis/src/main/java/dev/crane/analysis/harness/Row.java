package dev.crane.analysis.harness;

import java.util.Map;

/**
 * A row of a task's data.
 *
 * @param origin where it stands, for messages: {@code test.jsonl: line 3}
 * @param values by column: null, Boolean, Long, Double, String, List or Map
 */
record Row(String origin, Map<String, Object> values) {}
