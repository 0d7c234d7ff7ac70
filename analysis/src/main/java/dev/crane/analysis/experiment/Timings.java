package dev.crane.analysis.experiment;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How long the stages of a run took, apart from the results, which do not depend on it. */
final class Timings {
    private final Map<String, Double> seconds = new LinkedHashMap<>();

    <T> T time(String stage, Supplier<T> work) {
        long begin = System.nanoTime();
        try {
            return work.get();
        } finally {
            seconds.merge(stage, (System.nanoTime() - begin) / 1e9, Double::sum);
        }
    }

    /** {@code timings.json}: seconds by stage, of this run alone, and what it ran on. */
    String json() {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("java", Runtime.version().toString()).put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
                .put("processors", Runtime.getRuntime().availableProcessors());
        ObjectNode stages = root.putObject("seconds");
        seconds.forEach(stages::put);
        return root.toPrettyString() + "\n";
    }
}
