package dev.crane.models.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Generated.End;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TextGeneratorTest {
    private static CausalLanguageModel model;
    private static List<JsonNode> golden;

    @BeforeAll
    static void load() throws IOException {
        model = CausalLanguageModel.load(Path.of("babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT);
        JsonMapper json = new JsonMapper();
        golden = Files.readAllLines(Path.of("src/test/resources/generate/greedy.jsonl")).stream().map(json::readTree).toList();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static int[] ids(JsonNode line, String key) {
        return line.get(key).valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    /** Greedy continuations, with and without repetition penalty, against transformers' generate on the same model in f32. */
    @Test
    void greedyTextIsThatOfTransformers() {
        for (JsonNode line : golden) {
            int[] prompt = model.tokenizer().encodeWithBos(line.get("prompt").asString());
            assertArrayEquals(ids(line, "ids"), prompt);
            Sampling sampling = new Sampling(0, 0, 1, line.get("repetition_penalty").asDouble(), 0);
            Generated generated = new TextGenerator(model).generate(prompt, sampling, 48);
            assertArrayEquals(ids(line, "new_ids"), generated.ids());
            assertEquals(line.get("text").asString(), generated.text());
            assertEquals(generated.ids().length < 48 ? End.STOP : End.LENGTH, generated.end());
        }
    }

    @Test
    void whatAPromptGivesDependsOnItAlone() {
        List<int[]> prompts = golden.stream().map(line -> ids(line, "ids")).toList();
        Sampling sampling = new Sampling(0.8, 40, 0.95, 1.1, 5);
        List<InterventionSet> sets = List.of(new InterventionSet("mask",
                List.of(new Intervention.Zero(new HookPoint(Site.MLP_NEURON, 0), IntStream.range(0, 400).toArray()))));
        TextGenerator generator = new TextGenerator(model);
        List<StringBuilder> heard = new ArrayList<>();
        prompts.forEach(prompt -> heard.add(new StringBuilder()));
        List<Generated> together = generator.generate(prompts, sampling, 20, sets, new int[]{-1, -1, 0, -1, 0},
                (i, id, text) -> heard.get(i).append(text));
        // The first three without the others: the same draws.
        List<Generated> again = generator.generate(prompts.subList(0, 3), sampling, 20, sets, new int[]{-1, -1, 0}, (i, id, text) -> {
        });
        for (int i = 0; i < 3; i++)
            assertArrayEquals(together.get(i).ids(), again.get(i).ids());
        for (int i = 0; i < prompts.size(); i++)
            assertEquals(together.get(i).text(), heard.get(i).toString(), "the pieces are the text");
        List<Generated> unmasked = generator.generate(prompts, sampling, 20, List.of(), null, (i, id, text) -> {
        });
        assertFalse(Arrays.equals(unmasked.get(2).ids(), together.get(2).ids()), "a mask changes what is generated");
        assertArrayEquals(unmasked.get(0).ids(), together.get(0).ids());
    }

    @Test
    void generationEndsAtTheContext() {
        int[] prompt = new int[model.spec().maxPositions() - 3];
        Arrays.fill(prompt, 100);
        Generated generated = new TextGenerator(model, Set.of()).generate(prompt, Sampling.GREEDY, 10);
        assertEquals(End.CONTEXT, generated.end());
        assertEquals(3, generated.ids().length);
    }

    @Test
    void whatCannotBeGeneratedIsRefused() {
        TextGenerator generator = new TextGenerator(model);
        String none = assertThrows(CraneException.class, () -> generator.generate(new int[]{1}, Sampling.GREEDY, 0)).getMessage();
        assertTrue(none.contains("ask for 1 or more"), none);
        String unknown = assertThrows(CraneException.class, () -> Backends.create("tpu", 1)).getMessage();
        assertEquals("unknown backend 'tpu'; the backends are auto, cpu, cuda, reference", unknown);
        String precision = assertThrows(CraneException.class, () -> Backends.create("cpu", 1, Precision.BF16)).getMessage();
        assertTrue(precision.contains("--precision bf16 needs a GPU"), precision);
        String folder = assertThrows(CraneException.class,
                () -> CausalLanguageModel.load(Path.of("nowhere"), Backends.create("cpu", 1), EngineOptions.DEFAULT).close()).getMessage();
        assertTrue(folder.contains("there is no such folder"), folder);
    }
}
