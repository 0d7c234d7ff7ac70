package dev.crane.models;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.decoder.LayerWeights;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.decoder.RopeScaling;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ModelFolderTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");
    private static final Path LLAMA = FAMILIES.resolve("llama");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-mha", "llama3-rope"})
    void readsTheFoldersOfTheReference(String name) {
        ModelFolder model = ModelFolder.open(FAMILIES.resolve(name));
        DecoderSpec spec = model.spec();
        assertEquals(name, model.name());
        assertEquals("llama", spec.family());
        assertEquals(3, spec.layers());
        assertEquals(64, spec.hidden());
        assertEquals(320, spec.vocabulary());
        assertEquals(256, spec.maxPositions());
        assertEquals(96, spec.mlp().intermediate());
        assertEquals(Activation.SILU, spec.mlp().activation());
        assertEquals(4, spec.attention().heads());
        assertEquals(name.equals("llama-mha") ? 4 : 2, spec.attention().kvHeads());
        assertEquals(0.25f, spec.attention().scale());
        assertEquals(new NormSpec(NormSpec.Kind.RMS, 1e-5f), spec.norm());
        assertEquals(name.equals("llama"), spec.tiedHead());
        RopeScaling scaling = name.equals("llama3-rope") ? new RopeScaling.Llama3(8, 1, 4, 32) : new RopeScaling.None();
        assertEquals(new Positions.Rope(name.equals("llama3-rope") ? 50000 : 10000, 16, scaling), spec.positions(2));
        assertEquals(OptionalInt.of(1), model.bosTokenId());
        assertEquals(List.of(2), model.eosTokenIds());
        try (ModelWeights weights = model.weights()) {
            DecoderWeights decoder = weights.decoder();
            assertEquals(3, decoder.layers().size());
            LayerWeights last = decoder.layers().get(2);
            assertEquals("model.layers.2.mlp.down_proj.weight BF16[64, 96]", last.down().weight().toString());
            assertEquals("model.layers.2.self_attn.k_proj.weight BF16[" + spec.attention().keyValueWidth() + ", 64]",
                    last.key().weight().toString());
            assertNull(last.query().bias());
            assertEquals("model.norm.weight BF16[64]", decoder.finalNorm().weight().toString());
            if (spec.tiedHead()) {
                assertSame(decoder.embedding(), decoder.head());
            } else {
                assertNotSame(decoder.embedding(), decoder.head());
                assertEquals("lm_head.weight", decoder.head().name());
            }
            assertEquals(List.of(), weights.unused());
        }
    }

    @Test
    void readsTheDemoModel() {
        ModelFolder model = ModelFolder.open(Path.of("babel-base"));
        assertEquals(OptionalInt.of(6139), model.bosTokenId());
        assertTrue(model.tokenizer().isPresent());
        try (ModelWeights weights = model.weights()) {
            // 3.5 million parameters in bf16: the file without its header.
            assertEquals(6, weights.decoder().layers().size());
            assertEquals(2 * (model.spec().linearWeights() + 13 * 192), weights.bytes());
        }
    }

    @Test
    void takesBiasesWhereTheConfigurationSaysSo() throws IOException {
        writeConfig(config().replace("\"attention_bias\": false", "\"attention_bias\": true").replace("\"mlp_bias\": false",
                "\"mlp_bias\": true"));
        ModelFolder model = ModelFolder.open(folder);
        SafetensorsWriter writer = new SafetensorsWriter();
        model.family().tensors(model.spec()).forEach((name, shape) -> {
            int n = (int) Arrays.stream(shape).reduce(1, Math::multiplyExact);
            writer.add(name, new float[n], shape);
        });
        writer.write(folder.resolve("model.safetensors"));
        try (ModelWeights weights = model.weights()) {
            LayerWeights layer = weights.decoder().layers().get(1);
            assertEquals("model.layers.1.self_attn.k_proj.bias F32[32]", layer.key().bias().toString());
            assertEquals("model.layers.1.self_attn.q_proj.bias F32[64]", layer.query().bias().toString());
            assertEquals("model.layers.1.self_attn.v_proj.bias F32[32]", layer.value().bias().toString());
            assertEquals("model.layers.1.self_attn.o_proj.bias F32[64]", layer.attentionOut().bias().toString());
            assertEquals("model.layers.1.mlp.gate_proj.bias F32[96]", layer.gate().bias().toString());
            assertEquals("model.layers.1.mlp.up_proj.bias F32[96]", layer.up().bias().toString());
            assertEquals("model.layers.1.mlp.down_proj.bias F32[64]", layer.down().bias().toString());
        }
    }

    @Test
    void refusesWhatIsNoModelFolder() throws IOException {
        assertRefused(folder.resolve("none"), folder.resolve("none") + ": there is no such folder");
        assertRefused(folder, folder + ": has no config.json; a model folder holds config.json, safetensors files and tokenizer.json");
        Path file = Files.writeString(folder.resolve("file"), "");
        assertRefused(file, file + ": is a file, not a model folder");
        Files.writeString(folder.resolve("config.json"), "{\"a\":1,\"a\":2}");
        assertRefused(folder, folder.resolve("config.json") + ": is not valid JSON: Duplicate Object property \"a\"");
        Files.writeString(folder.resolve("config.json"), "[]");
        assertRefused(folder, folder.resolve("config.json") + ": is not a JSON object");
        Files.writeString(folder.resolve("config.json"), "{");
        assertRefused(folder, folder.resolve("config.json") + ": is not valid JSON: Unexpected end-of-input");
    }

    @Test
    void refusesUnknownArchitectures() throws IOException {
        writeConfig(config().replace("LlamaForCausalLM", "MambaForCausalLM"));
        assertRefused(folder,
                folder.resolve("config.json") + ": architecture 'MambaForCausalLM' is not supported; supported are: BloomForCausalLM, ");
        writeConfig("{\"model_type\": \"mamba\"}");
        assertRefused(folder, "model_type 'mamba' is not supported; supported are: ");
        writeConfig("{}");
        assertRefused(folder, "a model without architectures and model_type is not supported");
        writeConfig("{\"architectures\": [\"LlamaForSequenceClassification\"], \"model_type\": \"llama\"}");
        assertRefused(folder, "architecture 'LlamaForSequenceClassification' is not supported");
        writeConfig("{\"model_type\": \"llama\", \"quantization_config\": {\"bits\": 4}}");
        assertRefused(folder, "quantization_config says that the weights are quantised");
    }

    @Test
    void refusesMissingTensors() throws IOException {
        writeConfig(config().replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4"));
        copyWeights();
        assertWeightsRefused(folder + ": 9 of the 38 tensors that config.json asks for are missing: model.layers.3.input_layernorm.weight, "
                + "model.layers.3.self_attn.q_proj.weight, model.layers.3.self_attn.k_proj.weight, model.layers.3.self_attn.v_proj.weight, …");
        writeConfig(config().replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false"));
        assertWeightsRefused(folder + ": 1 of the 30 tensors that config.json asks for are missing: lm_head.weight");
    }

    @Test
    void tellsOfTensorsItDoesNotUse() throws IOException {
        writeConfig(config().replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2"));
        copyWeights();
        try (ModelWeights weights = ModelFolder.open(folder).weights()) {
            assertEquals(9, weights.unused().size());
            assertTrue(weights.unused().contains("model.layers.2.mlp.down_proj.weight"));
        }
    }

    @Test
    void refusesWrongShapes() throws IOException {
        writeConfig(config().replace("\"intermediate_size\": 96", "\"intermediate_size\": 128"));
        copyWeights();
        assertWeightsRefused(folder.resolve("model.safetensors")
                + ": tensor 'model.layers.0.mlp.gate_proj.weight' has the shape [96, 64], config.json asks for [128, 64]");
    }

    @Test
    void refusesWrongTypes() throws IOException {
        writeConfig(config());
        rewrite("model.layers.1.mlp.up_proj.weight",
                t -> new StoredTensor(t.name(), DType.I8, t.shape(), t.data().asSlice(0, t.elements())));
        assertWeightsRefused(
                folder.resolve("model.safetensors")
                        + ": tensor 'model.layers.1.mlp.up_proj.weight' is I8; weights must be F32, F16 or BF16, or F8_E4M3 or F8_E5M2 with their scales");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7fc0, 0xff80, 0x7f81, 0xffff})
    void refusesWeightsThatAreNotFinite(int bits) throws IOException {
        writeConfig(config());
        rewrite("model.layers.1.mlp.up_proj.weight", t -> {
            byte[] bytes = t.data().toArray(ValueLayout.JAVA_BYTE);
            bytes[2 * (5 * 64 + 7)] = (byte) bits;
            bytes[2 * (5 * 64 + 7) + 1] = (byte) (bits >> 8);
            return new StoredTensor(t.name(), t.dtype(), t.shape(), MemorySegment.ofArray(bytes));
        });
        assertWeightsRefused(folder.resolve("model.safetensors")
                + ": tensor 'model.layers.1.mlp.up_proj.weight' holds a NaN or infinity at [5, 7]; the file is damaged");
    }

    @Test
    void refusesDamagedFiles() throws IOException {
        writeConfig(config());
        byte[] whole = Files.readAllBytes(LLAMA.resolve("model.safetensors"));
        Files.write(folder.resolve("model.safetensors"), Arrays.copyOf(whole, whole.length - 100));
        assertWeightsRefused(folder.resolve("model.safetensors") + ": is cut off: its tensors take ");
    }

    @Test
    void namesTheConversionOfPickles() throws IOException {
        writeConfig(config());
        assertWeightsRefused(
                folder + ": has no model.safetensors and no model.safetensors.index.json; download the model's safetensors files into it");
        Files.writeString(folder.resolve("pytorch_model-00001-of-00002.bin"), "");
        assertWeightsRefused(
                "only pytorch_model-00001-of-00002.bin, a pickle, which can execute code and is not read; convert it once with Python: "
                        + "from transformers import AutoModelForCausalLM as M; M.from_pretrained('" + folder + "').save_pretrained('"
                        + folder + "')");
    }

    @Test
    void hashesEveryByteOfConfigurationAndWeights() throws IOException {
        writeConfig(config());
        copyWeights();
        String original = ModelFolder.open(folder).hash();
        assertTrue(original.matches("[0-9a-f]{64}"));
        assertEquals(original, ModelFolder.open(LLAMA).hash());
        assertEquals(original, ModelFolder.open(folder).hash());

        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertEquals(original, ModelFolder.open(folder).hash());
        rewrite("model.layers.1.mlp.up_proj.weight", t -> {
            byte[] bytes = t.data().toArray(ValueLayout.JAVA_BYTE);
            bytes[4321] ^= 1;
            return new StoredTensor(t.name(), t.dtype(), t.shape(), MemorySegment.ofArray(bytes));
        });
        assertNotEquals(original, ModelFolder.open(folder).hash());
        copyWeights();
        assertEquals(original, ModelFolder.open(folder).hash());
        writeConfig(config() + " ");
        assertNotEquals(original, ModelFolder.open(folder).hash());
    }

    @Test
    void readsTheGenerationSettings() throws IOException {
        writeConfig(config());
        Files.writeString(folder.resolve("generation_config.json"), "{\"bos_token_id\": 7, \"eos_token_id\": [2, 5]}");
        ModelFolder model = ModelFolder.open(folder);
        assertEquals(OptionalInt.of(1), model.bosTokenId());
        assertEquals(List.of(2, 5), model.eosTokenIds());
        assertFalse(model.tokenizer().isPresent());
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": \"</s>\"}");
        assertRefused(folder, folder.resolve("generation_config.json") + ": eos_token_id is or holds '\"</s>\"', not a token id");
    }

    private static String config() throws IOException {
        return Files.readString(LLAMA.resolve("config.json"));
    }

    private void writeConfig(String config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
    }

    private void copyWeights() throws IOException {
        Files.write(folder.resolve("model.safetensors"), Files.readAllBytes(LLAMA.resolve("model.safetensors")));
    }

    private interface Change {
        StoredTensor of(StoredTensor tensor);
    }

    /** The weights with one tensor changed. */
    private void rewrite(String name, Change change) {
        try (SafetensorsReader original = SafetensorsReader.open(LLAMA.resolve("model.safetensors"))) {
            SafetensorsWriter writer = new SafetensorsWriter();
            original.names().forEach(n -> writer.add(n.equals(name) ? change.of(original.tensor(n)) : original.tensor(n)));
            writer.write(folder.resolve("model.safetensors"));
        }
    }

    private static void assertRefused(Path path, String message) {
        CraneException e = assertThrows(CraneException.class, () -> ModelFolder.open(path));
        assertOneLine(message, e);
    }

    private void assertWeightsRefused(String message) {
        ModelFolder model = ModelFolder.open(folder);
        CraneException e = assertThrows(CraneException.class, model::weights);
        assertOneLine(message, e);
    }

    private static void assertOneLine(String message, CraneException e) {
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl), "one line: " + e.getMessage());
    }
}
