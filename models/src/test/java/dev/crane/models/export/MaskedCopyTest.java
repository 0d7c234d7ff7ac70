package dev.crane.models.export;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.ModelFolder;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The copy computes without a mask what the model computes with it, and differs from the model in nothing else. */
class MaskedCopyTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");
    private static final Path LLAMA = FAMILIES.resolve("llama");
    private static final List<Site> SITES = List.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.ATTN_QKV, Site.ATTN_Z, Site.ATTN_HEAD,
            Site.ATTN_OUT, Site.MLP_GATE, Site.MLP_UP, Site.MLP_GATE_UP, Site.MLP_ACT, Site.MLP_NEURON, Site.MLP_DOWN);
    private static final List<int[]> SEQUENCES = List.of(IntStream.range(0, 40).map(i -> 3 + i * 7 % 200).toArray(),
            new int[]{5, 9, 4, 4, 8});

    @TempDir
    Path folder;
    private Path out;
    private Path maskFile;

    @BeforeEach
    void aMask() throws IOException {
        out = folder.resolve("out");
        maskFile = Files.writeString(folder.resolve("en.mask.json"), "the mask");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../babel-base", "llama-mha", "qwen2", "qwen3", "gemma3", "phi3", "phi", "gpt_neox", "bloom", "opt", "gpt2"})
    void computesWhatTheMaskDoes(String name) {
        Path original = name.startsWith("..") ? Path.of("babel-base") : FAMILIES.resolve(name);
        try (CausalLanguageModel model = load(original)) {
            DecoderSpec spec = model.spec();
            List<Intervention> all = new ArrayList<>();
            for (Site site : SITES)
                if (spec.units(site) > 0) {
                    int width = spec.units(site);
                    int[] units = site == Site.ATTN_HEAD ? new int[]{width - 1} : new int[]{0, 5, width / 2, width - 1};
                    // Half of a number is exact in every type.
                    Intervention zero = new Intervention.Zero(spec.point(site, 0), units);
                    assertSame(model, List.of(zero), site + " zero");
                    assertSame(model, List.of(new Intervention.Scale(spec.point(site, 1), units, 0.5f)), site + " scale");
                    if (site != Site.MLP_NEURON && site != Site.ATTN_HEAD && site != Site.ATTN_QKV && site != Site.MLP_GATE_UP)
                        all.add(zero);
                }
            assertSame(model, all, "all");
        }
    }

    /** Bit for bit: a row of zeros gives +0 as the mask does, and what is added for a column of zeros is ±0. */
    private void assertSame(CausalLanguageModel model, List<Intervention> interventions, String what) {
        InterventionSet mask = new InterventionSet("mask", interventions);
        Path copy = folder.resolve(what.replace(' ', '-'));
        MaskedCopy written = MaskedCopy.write(model.folder(), mask, maskFile, copy, (bytes, total) -> assertTrue(bytes <= total));
        assertFalse(written.tensors().isEmpty());
        PackedBatch batch = PackedBatch.of(SEQUENCES);
        List<float[]> plain = model.engine().forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs();
        List<float[]> masked = model.engine().forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS, List.of(mask), new int[]{0, 0}))
                .logprobs();
        assertFalse(Arrays.equals(plain.getFirst(), masked.getFirst()), what + ": the mask does something");
        try (CausalLanguageModel loaded = load(copy)) {
            List<float[]> copied = loaded.engine().forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs();
            for (int i = 0; i < SEQUENCES.size(); i++)
                assertArrayEquals(masked.get(i), copied.get(i), what + " sequence " + i);
        }
    }

    private static CausalLanguageModel load(Path path) {
        return CausalLanguageModel.load(path, Backends.create("cpu", 2), EngineOptions.DEFAULT);
    }

    private static InterventionSet zero(String point, int... units) {
        return new InterventionSet("en.mask.json", List.of(new Intervention.Zero(HookPoint.parse(point).orElseThrow(), units)));
    }

    private MaskedCopy write(Path model, InterventionSet mask) {
        return MaskedCopy.write(ModelFolder.open(model), mask, maskFile, out, (bytes, total) -> {
        });
    }

    @Test
    void nothingElseDiffers() throws IOException {
        Path model = shards();
        MaskedCopy written = write(model, zero("model.layers.1.mlp.neuron", 2, 95));
        assertEquals(List.of("model.layers.1.mlp.down_proj.weight"), written.tensors());
        assertEquals(List.of(Path.of("old.safetensors"), Path.of("original/consolidated.00.pth"), Path.of("pytorch_model.bin")),
                written.leftOut());
        Set<String> names = names(out);
        assertEquals(Set.of("LICENSE", "config.json", "additional_chat_templates/tool.jinja", "model-1.safetensors", "model-2.safetensors",
                "model.safetensors.index.json", "applied.mask.json"), names);
        for (String name : List.of("LICENSE", "config.json", "additional_chat_templates/tool.jinja", "model.safetensors.index.json",
                "model-1.safetensors"))
            assertArrayEquals(Files.readAllBytes(model.resolve(name)), Files.readAllBytes(out.resolve(name)), name);
        assertEquals("the mask", Files.readString(out.resolve("applied.mask.json")));
        byte[] before = Files.readAllBytes(model.resolve("model-2.safetensors"));
        byte[] after = Files.readAllBytes(out.resolve("model-2.safetensors"));
        // The two columns of the 64 rows, and no other byte: all others are those of the file.
        try (SafetensorsReader reader = SafetensorsReader.open(model.resolve("model-2.safetensors"));
                SafetensorsReader copy = SafetensorsReader.open(out.resolve("model-2.safetensors"))) {
            float[] weights = reader.floats("model.layers.1.mlp.down_proj.weight");
            for (int row = 0; row < 64; row++)
                weights[row * 96 + 2] = weights[row * 96 + 95] = 0;
            assertArrayEquals(weights, copy.floats("model.layers.1.mlp.down_proj.weight"));
            assertEquals(Map.of("kept", "yes"), copy.metadata());
        }
        assertEquals(before.length, after.length);
        long different = IntStream.range(0, before.length).filter(i -> before[i] != after[i]).count();
        assertTrue(different > 0 && different <= 64 * 2 * 2, different + " bytes");
    }

    /** The tiny Llama in two files, with what else lies in folders from the hub. */
    private Path shards() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.copy(LLAMA.resolve("config.json"), model.resolve("config.json"));
        Files.writeString(model.resolve("LICENSE"), "free");
        Files.createDirectories(model.resolve("additional_chat_templates"));
        Files.writeString(model.resolve("additional_chat_templates/tool.jinja"), "{{ x }}");
        for (String other : List.of("pytorch_model.bin", "original/consolidated.00.pth", "old.safetensors", ".gitattributes",
                ".git/config")) {
            Files.createDirectories(model.resolve(other).getParent());
            Files.writeString(model.resolve(other), "unmasked");
        }
        Map<String, String> index = new TreeMap<>();
        try (SafetensorsReader reader = SafetensorsReader.open(LLAMA.resolve("model.safetensors"))) {
            for (int shard = 1; shard <= 2; shard++) {
                SafetensorsWriter writer = new SafetensorsWriter().metadata("kept", "yes");
                for (String name : reader.names())
                    if (name.startsWith("model.layers.1") == (shard == 2)) {
                        writer.add(reader.tensor(name));
                        index.put(name, "\"" + name + "\": \"model-" + shard + ".safetensors\"");
                    }
                writer.write(model.resolve("model-" + shard + ".safetensors"));
            }
        }
        Files.writeString(model.resolve("model.safetensors.index.json"), "{\"weight_map\": {" + String.join(", ", index.values()) + "}}");
        return model;
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return new HashSet<>(
                    files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString().replace('\\', '/')).toList());
        }
    }

    @Test
    void masksEightBitWeights() throws IOException {
        Path model = Files.createDirectory(folder.resolve("fp8"));
        Files.copy(LLAMA.resolve("config.json"), model.resolve("config.json"));
        String name = "model.layers.1.mlp.up_proj.weight";
        byte[] codes = new byte[96 * 64];
        for (int i = 0; i < codes.length; i++)
            codes[i] = (byte) (i % 100);
        try (SafetensorsReader reader = SafetensorsReader.open(LLAMA.resolve("model.safetensors"))) {
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String tensor : reader.names())
                writer.add(tensor.equals(name)
                        ? new StoredTensor(name, DType.F8_E4M3, new long[]{96, 64}, MemorySegment.ofArray(codes))
                        : reader.tensor(tensor));
            writer.add(name + "_scale", new float[]{0.003f}).write(model.resolve("model.safetensors"));
        }
        try (CausalLanguageModel loaded = load(model)) {
            assertSame(loaded, List.of(new Intervention.Zero(new HookPoint(Site.MLP_UP, 1), new int[]{1, 50})), "masked eight bits");
        }
        InterventionSet scale = new InterventionSet("s.mask.json",
                List.of(new Intervention.Scale(new HookPoint(Site.MLP_UP, 1), new int[]{0}, 2)));
        assertEquals("tensor " + name + " F8_E4M3[96, 64] cannot be scaled as it is stored; only weights of F32, F16 or BF16 can",
                assertThrows(CraneException.class, () -> write(model, scale)).getMessage());
        assertTrue(Files.notExists(out));
    }

    @Test
    void refusesWhatWeightsCannotSay() {
        assertTrue(refusal(zero("model.layers.0.resid.post", 1))
                .startsWith("en.mask.json: the units of model.layers.0.resid.post are no weights"));
        for (Intervention other : List.of(new Intervention.Constant(new HookPoint(Site.MLP_UP, 0), new int[]{0}, new float[]{1}),
                new Intervention.Clamp(new HookPoint(Site.MLP_UP, 0), new int[]{0}, -1, 1)))
            assertEquals(
                    "m: what it does to model.layers.0.mlp.up_proj cannot be written into weights; only units that are zero or scaled can",
                    refusal(new InterventionSet("m", List.of(other))));
        assertTrue(refusal(new InterventionSet("m",
                List.of(new Intervention.Scale(new HookPoint(Site.MLP_UP, 0), new int[]{0}, Float.POSITIVE_INFINITY))))
                .contains("does not fit its type"), "an overflow");
    }

    /** The one line; nothing is written. */
    private String refusal(InterventionSet mask) {
        String message = assertThrows(CraneException.class, () -> write(LLAMA, mask)).getMessage();
        try {
            assertEquals(Set.of("en.mask.json"), names(folder));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return message;
    }

    @Test
    void refusesPlacesInUse() throws IOException {
        InterventionSet mask = zero("model.layers.0.mlp.up_proj", 1);
        Files.createDirectory(out);
        write(LLAMA, mask); // an empty folder gives way
        String message = assertThrows(CraneException.class, () -> write(LLAMA, mask)).getMessage();
        assertTrue(message.contains("there is something in it already"), message);
        Path again = folder.resolve("again");
        MaskedCopy.write(ModelFolder.open(out), mask, maskFile, again, (bytes, total) -> {
        });
        assertTrue(Files.exists(again.resolve("applied-2.mask.json")) && Files.exists(again.resolve("applied.mask.json")));
        Path inside = out.resolve("copy");
        message = assertThrows(CraneException.class,
                () -> MaskedCopy.write(ModelFolder.open(out), mask, maskFile, inside, (bytes, total) -> {
                })).getMessage();
        assertTrue(message.contains("lies inside the model folder"), message);
    }

    @Test
    void followsNoLinkOutOfTheFolder() throws IOException {
        Path model = shards();
        Path secret = Files.write(folder.resolve("secret.json"), "secret".getBytes(StandardCharsets.UTF_8));
        Files.createSymbolicLink(model.resolve("tokenizer.json"), secret);
        String message = assertThrows(CraneException.class, () -> write(model, zero("model.layers.0.mlp.up_proj", 1))).getMessage();
        assertTrue(message.contains("tokenizer.json: is a link to") && message.endsWith("outside the model folder"), message);
        assertTrue(Files.notExists(out));
    }

    @Test
    void leavesNothingWhenItFails() throws IOException {
        assertThrows(IllegalStateException.class, () -> MaskedCopy.write(ModelFolder.open(LLAMA), zero("model.layers.0.mlp.up_proj", 1),
                maskFile, out, (bytes, total) -> {
                    throw new IllegalStateException("in the middle");
                }));
        assertEquals(Set.of("en.mask.json"), names(folder));
    }
}
