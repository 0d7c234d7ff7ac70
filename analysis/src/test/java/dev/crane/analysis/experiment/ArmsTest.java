package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Arms of an experiment that do something else than zeroing to the same units. */
class ArmsTest {
    private static final String METHODS = """
            methods:
              - {name: crane, budget: 150}
              - {name: crane, label: constant, budget: 150, intervention: {kind: constant, value: 0}}
              - {name: crane, label: once, budget: 150, intervention: {kind: scale, factor: 1}}
              - {name: crane, label: plus, budget: 150, intervention: {kind: add, value: 0}}
              - {name: crane, label: half, budget: 150, intervention: {kind: scale, factor: 0.5}}
              - {name: crane, label: mean, budget: 150, intervention: {kind: mean, of: others}}
              - {name: crane, label: high, budget: 150, intervention: {kind: percentile, p: 99, of: own}}
              - {name: random, match: mean, seeds: 1}
            """;

    @TempDir
    static Path shared;
    private static Path out;
    private static SortedMap<String, String> results;

    private static ExperimentFile experiment(Path folder) throws IOException {
        String yaml = SmallExperiment.yaml();
        return SmallExperiment.file(folder,
                yaml.substring(0, yaml.indexOf("methods:")).replaceAll("tasks: \\[[^]]*]", "tasks: []") + METHODS
                        + yaml.substring(yaml.indexOf("evaluate:")));
    }

    @BeforeAll
    static void run() throws IOException {
        out = shared.resolve("out");
        Experiment.run(experiment(shared), out, SmallExperiment.options(2, 4096), Progress.SILENT);
        results = SmallExperiment.results(out);
    }

    private static String samples(String mask) {
        return results.get("samples/" + mask + ".perplexity.jsonl");
    }

    @Test
    void theConstantZeroIsZeroAndNoChangeIsNone() {
        for (String cell : List.of("en/en", "en/zh", "zh/en", "zh/zh")) {
            assertEquals(samples("crane/" + cell), samples("constant/" + cell), cell);
            String unmasked = samples("none/" + cell.substring(3));
            assertEquals(unmasked, samples("once/" + cell), cell);
            assertEquals(unmasked, samples("plus/" + cell), cell);
            assertNotEquals(unmasked, samples("half/" + cell), cell);
            assertNotEquals(samples("crane/" + cell), samples("half/" + cell), cell);
        }
    }

    @Test
    void whatAnArmDoesIsSaidEverywhere() throws IOException {
        MaskFile mean = MaskFile.read(out.resolve("masks/mean/en.mask.json"));
        assertEquals(MaskFile.read(out.resolve("masks/crane/en.mask.json")).mask(), mean.mask());
        assertEquals("mean of others", mean.intervention().describe());
        MaskFile random = MaskFile.read(out.resolve("masks/random/seed1/en.mask.json"));
        assertEquals("mean of others", assertInstanceOf(MaskIntervention.Constant.class, random.intervention()).describe());
        assertEquals("percentile 99.0 of own", MaskFile.read(out.resolve("masks/high/zh.mask.json")).intervention().describe());
        JsonNode record = JsonMapper.shared().readTree(out.resolve("experiment.json").toFile());
        assertEquals("scale 0.5", record.at("/methods/half/intervention").stringValue());
        assertEquals("zero", record.at("/methods/crane/intervention").stringValue());
        String report = Files.readString(out.resolve("report.html"));
        assertTrue(report.contains("high<small>percentile 99.0 of own</small>"), "the report names what an arm does");
    }

    @Test
    void aFinishedRunTakesTheNumbersFromItsMasks() throws IOException {
        List<String> steps = new ArrayList<>();
        Experiment.run(experiment(shared), out, SmallExperiment.options(1, 4096), SmallExperiment.recording(steps));
        assertTrue(steps.stream().allMatch(step -> step.endsWith("all there")), steps.toString());
        assertEquals(results, SmallExperiment.results(out));
    }

    /** A mask file that was lost: only its numbers are taken again, and they have the same bits. */
    @Test
    void aLostMaskIsMadeAgain(@TempDir Path folder) throws IOException {
        Path copy = folder.resolve("copy");
        for (String name : results.keySet()) {
            Files.createDirectories(copy.resolve(name).getParent());
            Files.copy(out.resolve(name), copy.resolve(name));
        }
        Files.delete(copy.resolve("masks/high/en.mask.json"));
        List<String> steps = new ArrayList<>();
        Experiment.run(experiment(folder), copy, SmallExperiment.options(2, 4096), SmallExperiment.recording(steps));
        assertTrue(steps.contains("values of 150 units en 6/6"), steps.toString());
        assertTrue(steps.stream().noneMatch(step -> step.startsWith("values of 150 units zh")), steps.toString());
        assertTrue(steps.contains("evaluation: all there"), steps.toString());
        SortedMap<String, String> again = SmallExperiment.results(copy);
        again.remove("journal.jsonl");
        SortedMap<String, String> before = new TreeMap<>(results);
        before.remove("journal.jsonl");
        assertEquals(before, again);
    }
}
