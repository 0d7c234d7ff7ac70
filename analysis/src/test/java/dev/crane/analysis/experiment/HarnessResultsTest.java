package dev.crane.analysis.experiment;

import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.ScoredItem;
import dev.crane.analysis.evaluate.TaskGroup;
import dev.crane.analysis.evaluate.TaskInfo;

import static org.junit.jupiter.api.Assertions.assertEquals;

class HarnessResultsTest {
    private static final TaskGroup GROUP = new TaskGroup("both", "both", "1", List.of(new TaskGroup.Aggregate(Metric.ACC, true)));

    private static Measurement task(String language, String name, double value, List<TaskGroup> groups) {
        return new Measurement.Scored(language, name, new TaskInfo(name, "1", 0, 1, List.of(Metric.ACC), groups),
                List.of(new ScoredItem(0, new ScoredItem.Response.Pooled(), List.of(new Metric.Value(value, 1)))));
    }

    /** One task file under two languages, on data of their own; a task that only one of them has keeps its name. */
    @Test
    void oneNameInTwoLanguagesIsTwoTasks() {
        List<Measurement> measured = List.of(task("en", "inference", 1, List.of(GROUP)), task("zh", "inference", 0, List.of(GROUP)),
                task("zh", "order_zh", 0.5, List.of()));
        JsonNode root = JsonMapper.shared().readTree(HarnessResults.of(new ModelIdentity("m", "hash", "tokens", "cpu"),
                List.of(new Evaluated(MaskKey.UNMASKED, 0, measured))));
        assertEquals(1, root.at("/results/en.inference/acc,none").doubleValue());
        assertEquals(0, root.at("/results/zh.inference/acc,none").doubleValue());
        assertEquals(0.5, root.at("/results/order_zh/acc,none").doubleValue());
        assertEquals(1, root.at("/n-samples/zh.inference/effective").intValue());
        // A group in two languages is two groups, each with its own task.
        assertEquals(1, root.at("/groups/en.both/acc,none").doubleValue());
        assertEquals(0, root.at("/groups/zh.both/acc,none").doubleValue());
        assertEquals("[\"zh.inference\"]", root.at("/group_subtasks/zh.both").toString());
        assertEquals(List.of("en.inference", "zh.inference", "order_zh", "en.both", "zh.both"),
                List.copyOf(root.get("results").propertyNames()));
    }
}
