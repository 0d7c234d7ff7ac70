package dev.crane.models.hooks;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.statistic.TopExamples;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Names, arrays, files and refusals; {@code HooksGoldenTest} has the values. */
class ModelTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");
    private static final int[] IDS = {5, 80, 17, 200, 44, 9};

    private static Model llama;

    @BeforeAll
    static void open() {
        llama = open("llama", EngineOptions.DEFAULT);
    }

    @AfterAll
    static void close() {
        llama.close();
    }

    private static Model open(String family, EngineOptions options) {
        return Model.open(FAMILIES.resolve(family), Backends.create("cpu", 2), options);
    }

    private static void refused(String message, Executable executable) {
        String actual = assertThrows(CraneException.class, executable).getMessage();
        assertTrue(actual.contains(message), actual);
        assertEquals(1, actual.lines().count(), actual);
    }

    // ---- names ----

    @Test
    void aPointHasManyNames() {
        for (String name : List.of("model.layers.1.mlp.gate_proj", "mlp.gate.1", "blocks.1.mlp.hook_pre"))
            assertEquals(List.of("model.layers.1.mlp.gate_proj"), llama.sites(name), name);
        for (String name : List.of("model.layers.*.mlp.neuron", "mlp.neuron", "mlp.neuron.*", "blocks.*.mlp.hook_post"))
            assertEquals(List.of("model.layers.0.mlp.neuron", "model.layers.1.mlp.neuron", "model.layers.2.mlp.neuron"), llama.sites(name),
                    name);
        assertEquals(List.of("logits"), llama.sites("unembed.hook_out"));
        assertEquals(15 * 3 + 1, llama.sites().size()); // all of a layer but the projections that other families hold in one matrix; the logits
        for (String name : llama.sites())
            assertEquals(List.of(name), llama.sites(name));
    }

    @Test
    void otherFamiliesHaveTheirOwn() {
        Map<String, String> names = new TreeMap<>(
                Map.of("gpt2", "transformer.h.1.mlp.c_fc", "gpt_neox", "gpt_neox.layers.1.mlp.dense_h_to_4h",
                        "bloom", "transformer.h.1.mlp.dense_h_to_4h", "opt", "model.decoder.layers.1.fc1"));
        names.forEach((family, own) -> {
            try (Model model = open(family, EngineOptions.DEFAULT)) {
                // What TransformerLens calls "pre" is the gate where there is one, and the only input projection where there is none.
                for (String name : List.of("mlp.up.1", "blocks.1.mlp.hook_pre", own))
                    assertEquals(List.of(own), model.sites(name), family + " " + name);
                assertEquals(model.sites().size(), model.sites().stream().distinct().count());
                for (String name : model.sites())
                    assertEquals(List.of(name), model.sites(name));
                refused("has no mlp.gate", () -> model.sites("mlp.gate.1"));
            }
        });
        try (Model gemma = open("gemma2", EngineOptions.DEFAULT)) {
            refused("behind the norm", () -> gemma.sites("blocks.1.hook_mlp_out"));
        }
    }

    @Test
    void unknownNamesAreRefused() {
        refused("'mlp.gat.1' is no hook point of llama", () -> llama.sites("mlp.gat.1"));
        refused("llama has layers 0 to 2", () -> llama.sites("mlp.gate.3"));
        refused("another family calls it; llama (llama) calls it model.layers.1.mlp.up_proj",
                () -> llama.sites("transformer.h.1.mlp.c_fc"));
        refused("has no attn.qkv", () -> llama.sites("attn.qkv"));
        refused("'' is no hook point", () -> llama.sites(""));
        refused("names 3 hook points, and one is needed", () -> llama.meanOf("resid.post", List.of(IDS)));
    }

    // ---- arrays ----

    @Test
    void arraysShowWhatTheyAre() {
        Result result = llama.on(IDS).capture("mlp.neuron.1", "attn.probs.0").capture(Reduction.MAX, "mlp.neuron.1").lastLogits().run();
        FloatArray values = result.get("mlp.neuron.1");
        assertEquals("model.layers.1.mlp.neuron", values.name());
        assertArrayEquals(new int[]{6, 96}, values.shape());
        assertTrue(values.toString().matches("model\\.layers\\.1\\.mlp\\.neuron f32 \\[6, 96\\]( -?\\d\\S*){6} …"), values.toString());
        assertArrayEquals(new int[]{4, 6, 6}, result.get("attn.probs.0").shape());
        assertEquals(1, result.get("attn.probs.0").row(3).row(5).sum(), 1e-6); // six f32 probabilities
        float[] max = result.get("mlp.neuron.1.max").toArray();
        for (int unit = 0; unit < 96; unit++) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int t = 0; t < 6; t++)
                largest = Math.max(largest, values.get(t, unit));
            assertEquals(largest, max[unit]);
        }
        assertEquals(4, result.toString().lines().count());
        refused("there is no array mlp.up.1 here", () -> result.get("mlp.up.1"));
    }

    @Test
    void segmentsAndRowsAreViews() {
        FloatArray array = FloatArray.of("a", new float[]{0, 1, 2, 3, 4, 5}, 2, 3);
        assertEquals(4, array.row(1).segment().getAtIndex(ValueLayout.JAVA_FLOAT, 1));
        assertEquals(12, array.row(1).segment().byteSize());
        assertTrue(array.segment().isReadOnly());
        assertEquals(5, array.reshape(3, 2).get(2, 1));
        assertArrayEquals(new float[]{1.5f, 2.5f, 3.5f}, array.mean().toArray());
        assertArrayEquals(new float[]{-3, -3, -3}, array.row(0).minus(array.row(1)).toArray());
        assertEquals(5, array.largest());
        refused("equal ones", () -> array.minus(array.row(0)));
        refused("do not fill the shape", () -> FloatArray.of("a", new float[5], 2, 3));
        refused("2 axes", () -> array.get(1));
    }

    @Test
    void filesAreThoseOfOthers(@TempDir Path folder) throws IOException {
        FloatArray array = FloatArray.of("model.layers.0.mlp.neuron", new float[]{0, 1, 2, 3, 4, 0.5f}, 2, 3);
        array.save(folder.resolve("a.npy"));
        // numpy.save(file, numpy.array([[0, 1, 2], [3, 4, .5]], "f4")) of NumPy 2 writes this header, but for the number of blanks.
        byte[] npy = Files.readAllBytes(folder.resolve("a.npy"));
        ByteBuffer buffer = ByteBuffer.wrap(npy).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("NUMPY", new String(npy, 1, 5, StandardCharsets.US_ASCII));
        int data = 10 + buffer.getShort(8);
        assertEquals(0, data % 64);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }",
                new String(npy, 10, data - 10, StandardCharsets.US_ASCII).strip());
        assertEquals('\n', npy[data - 1]);
        assertEquals(data + 24, npy.length);
        assertEquals(0.5f, buffer.getFloat(data + 20));
        NamedArrays.of(array, array.row(1)).save(folder.resolve("a.safetensors"));
        try (SafetensorsReader reader = SafetensorsReader.open(folder.resolve("a.safetensors"))) {
            assertArrayEquals(array.toArray(), reader.floats("model.layers.0.mlp.neuron"));
            assertArrayEquals(new float[]{3, 4, 0.5f}, reader.floats("model.layers.0.mlp.neuron[1]"));
        }
        refused("saved as .safetensors", () -> array.save(folder.resolve("a.txt")));
        refused("two arrays are called", () -> NamedArrays.of(array, array));
    }

    // ---- changes ----

    @Test
    void changesThatCannotBeAreRefused() {
        Run run = llama.on(IDS).lastLogits();
        FloatArray values = llama.on(IDS).capture("resid.pre.1").run().get("resid.pre.1");
        int[] longer = Arrays.copyOf(IDS, 8);
        refused("unit 96 of model.layers.1.mlp.neuron", () -> llama.on(IDS).lastLogits().change(Change.zero("mlp.neuron.1", 96)).run());
        refused("position 6", () -> llama.on(IDS).lastLogits().change(Change.zero("mlp.neuron.1", 3).at(6)).run());
        refused("position -7", () -> llama.on(IDS).lastLogits().change(Change.zero("mlp.neuron.1", 3).at(-7)).run());
        refused("captured, not changed", () -> llama.on(IDS).lastLogits().change(Change.zero("attn.probs.1", 3)).run());
        refused("values of 6 tokens, and the text has 8",
                () -> llama.on(longer).lastLogits().change(Change.set("resid.pre.1", values)).run());
        refused("none for position 7", () -> llama.on(longer).lastLogits().change(Change.set("resid.pre.1", values).at(7)).run());
        refused("fits neither [96]", () -> llama.on(IDS).lastLogits().change(Change.set("mlp.neuron.1", values.row(0))).run());
        refused("has 96 units", () -> llama.on(IDS).lastLogits().change(Change.set("mlp.neuron.1", values)).run());
        refused("twice", () -> run.change(Change.zero("mlp.neuron.1", 3), Change.scale("mlp.neuron.1", 2, 3)).run());
        refused("reads nothing", () -> llama.on(IDS).change(Change.zero("mlp.neuron.1", 3)).run());
        refused("of one token or more", () -> llama.on(new int[0]));
        refused("and the corrupted one 8;", () -> llama.pair(IDS, longer).measure(1, 2));
        refused("measure(answer)", () -> llama.pair(IDS, IDS).patch("resid.pre"));
        assertEquals("set to model.layers.1.resid.pre at resid.pre.1 units [3] at [-1]",
                Change.set("resid.pre.1", values).units(3).at(-1).toString());
    }

    /** Patching the stream behind the last layer at the last position with the clean run's values makes the clean run's answer. */
    @Test
    void aWholePatchIsTheCleanRun() {
        int[] other = {5, 81, 17, 100, 44, 9};
        PromptPair pair = llama.pair(IDS, other).measure(7, 8);
        float[] patched = pair.patch("resid.post.2").get("model.layers.2.resid.post.patched").toArray();
        assertEquals(pair.clean(), patched[5]);
        for (int position = 0; position < 5; position++)
            assertEquals(pair.corrupted(), patched[position]);
    }

    // ---- several texts ----

    @Test
    void topExamplesAreTheTextsWithTheLargestValues() {
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < 20; i++)
            texts.add(new int[]{5, 10 + i, 200 - 3 * i});
        Map<String, TopExamples> top = llama.topExamples("mlp.neuron", 3, texts);
        assertEquals(3, top.size());
        float[][] largest = new float[20][];
        for (int i = 0; i < 20; i++)
            largest[i] = llama.on(texts.get(i)).capture(Reduction.MAX, "mlp.neuron.2").run().get("mlp.neuron.2.max").toArray();
        for (int unit : new int[]{0, 50, 95}) {
            int own = unit;
            Integer[] order = IntStream.range(0, 20).boxed().sorted((a, b) -> Float.compare(largest[b][own], largest[a][own]))
                    .toArray(Integer[]::new);
            for (int rank = 0; rank < 3; rank++)
                assertEquals(order[rank].longValue(), top.get("model.layers.2.mlp.neuron").line(rank, unit));
        }
    }

    /** What does not fit is refused in one line, and runs part by part all the same. */
    @Test
    void resultsStayWithinTheirMemory() {
        long bytes = llama.on(IDS).capture("mlp.neuron", "resid.post").bytes();
        assertEquals(4L * 6 * 3 * (96 + 64), bytes);
        try (Model small = open("llama", new EngineOptions(1 << 20, 3 * bytes))) {
            int[][] texts = new int[10][];
            Arrays.fill(texts, IDS);
            Run run = small.on(texts).capture("mlp.neuron", "resid.post");
            refused("fewer sequences at once", run::run);
            List<Integer> heard = new ArrayList<>();
            float[] expected = llama.on(IDS).capture("mlp.neuron.1").run().get("mlp.neuron.1").toArray();
            run.forEach((i, arrays) -> {
                heard.add(i);
                assertArrayEquals(expected, arrays.get("mlp.neuron.1").toArray());
            });
            assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), heard);
        }
        assertFalse(llama.toString().isBlank());
    }
}
