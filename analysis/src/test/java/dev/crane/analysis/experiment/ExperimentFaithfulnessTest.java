package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Faithfulness as a part of an experiment: its files, its section of the report, and what becomes of them when it is left out again. */
class ExperimentFaithfulnessTest {
    private static final String KEY = "faithfulness: {fractions: [0.1], sampled: 4, documents: 1, max-tokens: 24}\n";

    @TempDir
    Path folder;

    @Test
    void measuresShowsAndLeavesNothingBehind() throws IOException {
        String without = SmallExperiment.yaml().replaceAll("tasks: \\[[^]]*]", "tasks: []").replaceFirst("  - .name: crane-kurtosis.*\n",
                "");
        Path out = folder.resolve("out");
        Experiment.run(SmallExperiment.file(folder, without + KEY), out, SmallExperiment.options(2, 4096), Progress.SILENT);
        JsonNode summary = JsonMapper.shared().readTree(out.resolve("faithfulness.json").toFile());
        assertEquals("crane/faithfulness@1", summary.path("format").stringValue());
        assertEquals(List.of("en", "zh"),
                summary.path("languages").values().stream().map(node -> node.path("language").stringValue()).toList());
        // 6 orders, 2 curves, k = 0 and a tenth, 2 languages.
        List<String> points = Files.readAllLines(out.resolve("faithfulness.csv"));
        assertEquals("model,language,curve,order,seed,fraction,units,nats", points.getFirst());
        assertEquals(1 + 6 * 2 * 2 * 2, points.size());
        assertTrue(points.stream().anyMatch(line -> line.startsWith("base,zh,insertion,random,2,0.0999")), points.toString());
        assertEquals(1 + 4 * 4 * 2, Files.readAllLines(out.resolve("faithfulness-units.csv")).size());
        String report = Files.readString(out.resolve("report.html"));
        assertTrue(
                report.contains("<a href=\"#faithfulness\">") && report.contains("<h2>Faithfulness</h2>") && report.contains("<polyline"));
        JsonNode record = JsonMapper.shared().readTree(out.resolve("experiment.json").toFile());
        assertEquals("mlp.neuron", record.at("/faithfulness/units/0").stringValue());
        SortedMap<String, String> results = SmallExperiment.results(out);
        assertTrue(results.containsKey("stats/activation.mean-abs/en.stats.safetensors"));

        List<String> steps = new ArrayList<>();
        Experiment.run(SmallExperiment.file(folder, without + KEY), out, SmallExperiment.options(1, 300), SmallExperiment.recording(steps));
        assertTrue(steps.stream().allMatch(step -> step.endsWith("all there")), steps.toString());
        assertEquals(results, SmallExperiment.results(out));

        Experiment.run(SmallExperiment.file(folder, without), out, SmallExperiment.options(2, 4096), Progress.SILENT);
        assertTrue(SmallExperiment.results(out).keySet().stream()
                .noneMatch(name -> name.contains("faithfulness") || name.contains("mean-abs")));
    }
}
