package dev.crane.analysis.exchange;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.ModelFolder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A file as LAPE's authors publish theirs, of the sets that their own script selects on {@code babel-base} (the README there says how it was made). */
class LapeNeuronsTest {
    private static final Path METHODS = Path.of("src/test/resources/methods");
    private static final Path BABEL = Path.of("..", "models", "babel-base");
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");

    private static MaskedModel identity(DecoderSpec spec) {
        return MaskedModel.of("babel-base", "", spec);
    }

    @Test
    void readsWhatTheirScriptSelected() throws Exception {
        DecoderSpec spec = ModelFolder.open(BABEL).spec();
        Map<String, MaskFile> masks = LapeNeurons.read(METHODS.resolve("lape.pth"), LANGUAGES, identity(spec), spec,
                LapeNeurons.site(spec));
        JsonNode golden = new JsonMapper().readTree(Files.readAllBytes(METHODS.resolve("lape.json"))).get("selected").get("0.01");
        assertEquals(LANGUAGES, List.copyOf(masks.keySet()));
        for (String language : LANGUAGES) {
            Map<HookPoint, int[]> expected = new TreeMap<>();
            golden.get(language).properties().forEach(entry -> expected.put(HookPoint.parse(entry.getKey()).orElseThrow(),
                    entry.getValue().valueStream().mapToInt(JsonNode::intValue).toArray()));
            assertEquals(UnitMask.of(expected), masks.get(language).mask());
            assertEquals("lape", masks.get(language).provenance().get("method"));
            assertEquals(language, masks.get(language).provenance().get("language"));
        }
    }

    /** LAPE's code sets the activation to zero; the masks name rows of the gate, whose zero makes it so, to the last bit. */
    @Test
    void rowsOfTheGateDoWhatZeroActivationsDo() {
        try (CausalLanguageModel model = CausalLanguageModel.load(BABEL, Backends.create("cpu", 2), EngineOptions.DEFAULT)) {
            DecoderSpec spec = model.spec();
            PackedBatch batch = PackedBatch.of(List.of(model.tokenizer().encodeWithBos("The river flows to the sea. 河水流向大海。")));
            float[] gate = logprobs(model, batch, Site.MLP_GATE);
            assertArrayEquals(gate, logprobs(model, batch, Site.MLP_ACT));
            assertArrayEquals(gate, logprobs(model, batch, Site.MLP_NEURON));
            String message = assertThrows(CraneException.class,
                    () -> LapeNeurons.read(METHODS.resolve("lape.pth"), LANGUAGES, identity(spec), spec, Site.MLP_DOWN)).getMessage();
            assertEquals("mlp.down has 192 units, not one for each of the MLP's 512 neurons", message);
        }
    }

    private static float[] logprobs(CausalLanguageModel model, PackedBatch batch, Site site) {
        MaskFile mask = LapeNeurons.read(METHODS.resolve("lape.pth"), LANGUAGES, identity(model.spec()), model.spec(), site).get("vi");
        return model.engine()
                .forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS, List.of(mask.mask().toInterventionSet("vi")), new int[]{0}))
                .logprobs().getFirst();
    }

    @Test
    void saysWhatDoesNotFit() {
        DecoderSpec spec = ModelFolder.open(BABEL).spec();
        Path torch = Path.of("..", "models", "src", "test", "resources", "torch");
        assertTrue(refusal(METHODS.resolve("lape.pth"), List.of("en", "zh"), spec).endsWith("holds 3 languages, and --languages names 2"));
        assertTrue(refusal(METHODS.resolve("lape.pth"), List.of(), spec).contains("does not name them; give their names in its order"));
        assertTrue(refusal(METHODS.resolve("lape.pth"), List.of("en", "en", "vi"), spec).endsWith("names en twice"));
        assertTrue(refusal(METHODS.resolve("lape.pth"), List.of("en", "../zh", "vi"), spec).contains("no short name of a language"));
        assertTrue(refusal(torch.resolve("neurons.pth"), LANGUAGES, spec).endsWith("has 2 layers for en, the model has 6"));
        DecoderSpec tiny = ModelFolder.open(Path.of("..", "models", "src", "test", "resources", "families", "llama")).spec();
        String message = refusal(torch.resolve("neurons.pth"), LANGUAGES, twoLayers(tiny));
        assertTrue(message.endsWith("layer 1 of zh names neuron 511; the model has neurons 0 to 95"), message);
        assertEquals(2,
                LapeNeurons.read(torch.resolve("dictionary.pth"), List.of(), identity(spec), twoLayers(spec), Site.MLP_GATE).size());
    }

    private static DecoderSpec twoLayers(DecoderSpec spec) {
        return new DecoderSpec(spec.family(), spec.vocabulary(), spec.hidden(), 2, spec.maxPositions(), spec.norm(), spec.normPlacement(),
                spec.attention(), spec.windows().subList(0, 2), spec.positions().subList(0, 2), spec.mlp(), false, 1, 0, true);
    }

    private static String refusal(Path file, List<String> languages, DecoderSpec spec) {
        return assertThrows(CraneException.class,
                () -> LapeNeurons.read(file, languages, identity(spec), spec, LapeNeurons.site(spec))).getMessage();
    }
}
