package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class InspectCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private static JsonNode json(Object... args) {
        Object[] all = new Object[args.length + 2];
        all[0] = "inspect";
        all[1] = "--json";
        System.arraycopy(args, 0, all, 2, args.length);
        return JSON.readTree(CommandRun.output(all));
    }

    @Test
    void modelIsWhatItsFilesSay() throws IOException {
        JsonNode model = json(CommandRun.MODEL);
        JsonNode config = JSON.readTree(Files.readString(CommandRun.MODEL.resolve("config.json")));
        JsonNode layout = model.get("layout");
        assertEquals(config.get("num_hidden_layers"), layout.get("layers"));
        assertEquals(config.get("hidden_size"), layout.get("hidden"));
        assertEquals(config.get("num_key_value_heads"), layout.get("key_value_heads"));
        assertEquals(config.get("intermediate_size"), layout.get("intermediate"));
        assertEquals(config.get("max_position_embeddings"), layout.get("context"));
        assertEquals(config.get("bos_token_id"), model.get("tokenizer").get("begin").get("id"));
        assertEquals("byte-level BPE", model.get("tokenizer").get("kind").asString());
        JsonNode weights = model.get("weights");
        assertEquals(weights.get("bytes").asLong(), 2 * weights.get("parameters").asLong(), "all in bf16");
        long file = Files.size(CommandRun.MODEL.resolve("model.safetensors"));
        assertTrue(weights.get("bytes").asLong() < file && weights.get("bytes").asLong() > 0.99 * file, "all but the header");
        assertEquals(0, weights.get("missing").size());
        String text = CommandRun.output("inspect", CommandRun.MODEL);
        assertTrue(text.contains("3,541,440 in bf16"), text);
        assertTrue(text.contains("6 heads of 32, 2 for keys and values"), text);
    }

    @Test
    void memoryIsThatOfThePlan() {
        JsonNode memory = json(CommandRun.MODEL).get("memory");
        long tokens = memory.get("relevance_tokens").asLong();
        long limit = memory.get("activation_limit").asLong();
        assertTrue(tokens * memory.get("relevance_per_token").asLong() <= limit);
        assertTrue((tokens + 1) * memory.get("relevance_per_token").asLong() > limit);
        // Keys and values of 2 heads of 32 in 6 layers, f32.
        assertEquals(2 * 2 * 32 * 6 * 4, memory.get("cache_per_token").asLong());
    }

    @Test
    void everyHookSiteHasBothNames() {
        JsonNode hooks = json("--hooks", CommandRun.MODEL).get("hooks");
        assertEquals(Site.values().length - 2, hooks.size(), "all but the two of fused matrices");
        for (JsonNode hook : hooks) {
            HookPoint point = HookPoint.parse(hook.get("name").asString().replace(".L.", ".3.")).orElseThrow();
            assertEquals(hook.get("site").asString(), point.site().label());
            String lens = hook.get("transformer_lens").asString();
            if (point.site() == Site.ATTN_HEAD)
                assertEquals("", lens, "TransformerLens has no name for a head's values before its output");
            else
                assertEquals(point, HookPoint.parse(lens.replace(".L.", ".3.")).orElseThrow());
        }
        assertTrue(CommandRun.output("inspect", "--hooks", CommandRun.MODEL).contains("blocks.L.mlp.hook_post"));
    }

    @Test
    void modelWithoutWeightsIsToldAsFarAsItIsThere() throws IOException {
        Files.copy(CommandRun.MODEL.resolve("config.json"), folder.resolve("config.json"));
        JsonNode model = json(folder);
        assertTrue(model.get("weights").isNull());
        assertTrue(model.get("weights_missing").asString().contains("has no model.safetensors"));
        assertTrue(model.get("tokenizer").isNull());
        String text = CommandRun.output("inspect", folder);
        assertTrue(text.contains("none; texts must come as token ids"), text);
    }

    @Test
    void maskIsCounted() throws IOException {
        Path mask = Files.writeString(folder.resolve("vi.mask.json"), """
                {"format": "crane/mask@1", "model": "babel-base", "intervention": "zero", "provenance": {"method": "crane"},
                 "units": {"model.layers.0.mlp.gate_proj": [3, 17], "model.layers.4.mlp.neuron": [1, 2, 5]}}""");
        JsonNode json = json(mask);
        assertEquals(5, json.get("units").asInt());
        assertEquals(2, json.get("points").get("model.layers.0.mlp.gate_proj").asInt());
        String text = CommandRun.output("inspect", mask);
        assertTrue(text.lines().anyMatch(line -> line.matches("layer +mlp\\.gate +mlp\\.neuron")), text);
        assertTrue(text.lines().anyMatch(line -> line.matches("0 +2 +0")), text);
        assertTrue(text.lines().anyMatch(line -> line.matches("4 +0 +3")), text);
        assertTrue(text.lines().anyMatch(line -> line.matches(" +method +crane")), text);
    }

    @Test
    void statisticsAreSummarised() {
        TreeMap<HookPoint, Moments> moments = new TreeMap<>();
        for (int layer = 0; layer < 2; layer++) {
            Moments here = new Moments(3);
            here.add(new float[]{1, -2, 3});
            here.add(new float[]{-1, 4, 3});
            moments.put(new HookPoint(Site.MLP_NEURON, layer), here);
        }
        TreeMap<String, String> provenance = new TreeMap<>();
        provenance.put("rule", "attnlrp");
        Path file = folder.resolve("en.stats.safetensors");
        StatisticsFile.write(new LanguageStatistics("en", moments, new TreeMap<>(), provenance), file);
        JsonNode json = json(file);
        assertEquals("en", json.get("language").asString());
        assertEquals(2, json.get("samples").asInt());
        JsonNode site = json.get("sites").get(0);
        assertEquals("mlp.neuron", site.get("site").asString());
        assertEquals(6, site.get("units").asInt());
        assertEquals((1 + 3 + 3) / 3.0, site.get("mean_absolute").asDouble(), 1e-12);
        assertTrue(CommandRun.output("inspect", file).contains("attnlrp"));
    }

    @Test
    void anySafetensorsFile() {
        JsonNode json = json(CommandRun.MODEL.resolve("model.safetensors"));
        assertEquals("bf16", json.get("tensors").get(0).get("type").asString());
        assertEquals("[6144,192]", json.get("tensors").get(0).get("shape").toString());
        assertTrue(CommandRun.output("inspect", CommandRun.MODEL.resolve("model.safetensors")).contains("56 tensors"));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        assertTrue(CommandRun.failure("inspect", folder.resolve("no")).endsWith("there is no such file or folder"));
        assertTrue(CommandRun.failure("inspect", folder).contains("has no config.json"));
        assertTrue(CommandRun.failure("inspect", CommandRun.MODEL.resolve("config.json")).contains("inspect the folder"));
        assertTrue(CommandRun.failure("inspect", Files.writeString(folder.resolve("x.txt"), "x")).contains("cannot be told"));
        assertTrue(CommandRun.failure("inspect", Files.writeString(folder.resolve("x.json"), "{}")).contains("it is no mask"));
        assertTrue(CommandRun.failure("inspect", Files.writeString(folder.resolve("x.safetensors"), "x")).contains("is cut off"));
        assertTrue(CommandRun.usageError("inspect").contains("PATH"));
    }
}
