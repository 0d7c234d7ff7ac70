package dev.crane.models.family;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.decoder.RopeScaling;
import dev.crane.models.ModelFolder;
import dev.crane.models.config.ModelConfig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Configurations of every family as they come: keys missing, null, in the other spelling, unknown. */
class FamilyConfigTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");
    private static final JsonMapper JSON = new JsonMapper();

    private static ObjectNode golden(String family) throws IOException {
        return (ObjectNode) JSON.readTree(Files.readAllBytes(FAMILIES.resolve(family).resolve("config.json")));
    }

    private static DecoderSpec spec(JsonNode config) {
        return spec(JSON.writeValueAsString(config));
    }

    private static DecoderSpec spec(String config) {
        ModelConfig parsed = ModelConfig.parse(Path.of("config.json"), config.replace('`', '"').getBytes(StandardCharsets.UTF_8));
        return Family.of(parsed).spec(parsed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-mha", "llama3-rope", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "phi", "gpt_neox",
            "bloom", "opt", "gpt2"})
    void theSameModelInOtherWords(String family) throws IOException {
        DecoderSpec expected = ModelFolder.open(FAMILIES.resolve(family)).spec();
        assertEquals(expected, spec(golden(family)));

        ObjectNode odd = golden(family);
        odd.set("torch_dtype", odd.remove("dtype"));
        odd.putArray("eos_token_id").add(2).add(7);
        odd.putNull("head_dim_of_another_kind").putObject("auto_map").put("AutoModel", "x.Y");
        odd.putNull("bos_token_id").putNull("quantization_config").putNull("rope_scaling").putNull("tokenizer_class");
        assertEquals(expected, spec(odd), "list of ends, nulls, unknown keys, torch_dtype");

        ObjectNode byType = golden(family);
        byType.remove("architectures");
        assertEquals(expected, spec(byType), "model_type alone");

        ObjectNode older = golden(family);
        if (older.get("rope_parameters") instanceof ObjectNode rope) {
            older.remove("rope_parameters");
            if (rope.get("full_attention") instanceof ObjectNode full) {
                older.set("rope_theta", full.get("rope_theta"));
                older.set("rope_local_base_freq", rope.get("sliding_attention").get("rope_theta"));
            } else {
                older.set(family.equals("gpt_neox") ? "rotary_emb_base" : "rope_theta", rope.remove("rope_theta"));
                JsonNode partial = rope.remove("partial_rotary_factor");
                if (partial != null)
                    older.set(family.equals("gpt_neox") ? "rotary_pct" : "partial_rotary_factor", partial);
                if (!rope.get("rope_type").asString().equals("default"))
                    older.set("rope_scaling", rope);
            }
            assertEquals(expected, spec(older), "rope as older files have it");
        }
    }

    /** The defaults of the configuration classes of transformers 5.18, read off the classes themselves. */
    @ParameterizedTest
    @CsvSource({"mistral, 32000, 4096, 32, 32, 8, 128, 14336, 131072, 1e-6, false",
            "qwen2, 151936, 4096, 32, 32, 32, 128, 22016, 32768, 1e-6, false",
            "qwen3, 151936, 4096, 32, 32, 32, 128, 22016, 32768, 1e-6, false",
            "gemma2, 256000, 2304, 26, 8, 4, 256, 9216, 8192, 1e-6, true",
            "gemma3_text, 262208, 2304, 26, 8, 4, 256, 9216, 131072, 1e-6, true",
            "phi3, 32064, 3072, 32, 32, 32, 96, 8192, 4096, 1e-5, false",
            "phi, 51200, 2048, 24, 32, 32, 64, 8192, 2048, 1e-5, false",
            "gpt_neox, 50432, 6144, 44, 64, 64, 96, 24576, 2048, 1e-5, false",
            "bloom, 250880, 64, 2, 8, 8, 8, 256, 2048, 1e-5, true", "opt, 50272, 768, 12, 12, 12, 64, 3072, 2048, 1e-5, true",
            "gpt2, 50257, 768, 12, 12, 12, 64, 3072, 1024, 1e-5, true"})
    void missingKeysTakeTheClassesDefaults(String type, int vocabulary, int hidden, int layers, int heads, int kvHeads, int headDim,
            int intermediate, int positions, float epsilon, boolean tied) {
        DecoderSpec spec = spec("{`model_type`: `" + type + "`}");
        assertEquals(type, spec.family());
        assertEquals(vocabulary, spec.vocabulary());
        assertEquals(hidden, spec.hidden());
        assertEquals(layers, spec.layers());
        assertEquals(heads, spec.attention().heads());
        assertEquals(kvHeads, spec.attention().kvHeads());
        assertEquals(headDim, spec.attention().headDim());
        assertEquals(intermediate, spec.mlp().intermediate());
        assertEquals(positions, spec.maxPositions());
        assertEquals(epsilon, spec.norm().epsilon());
        assertEquals(tied, spec.tiedHead());
    }

    @Test
    void windows() {
        assertEquals(Collections.nCopies(32, 4096), spec("{`model_type`: `mistral`}").windows());
        assertEquals(Collections.nCopies(32, 0), spec("{`model_type`: `mistral`, `sliding_window`: null}").windows());
        assertEquals(Collections.nCopies(32, 0), spec("{`model_type`: `qwen2`, `sliding_window`: 8}").windows());
        assertEquals(IntStream.range(0, 32).mapToObj(layer -> layer < 28 ? 0 : 8).toList(),
                spec("{`model_type`: `qwen2`, `sliding_window`: 8, `use_sliding_window`: true}").windows());
        assertEquals(List.of(4096, 0, 4096), spec("{`model_type`: `gemma2`, `num_hidden_layers`: 3}").windows());
        assertEquals(List.of(0, 9, 0), spec("{`model_type`: `gemma2`, `num_hidden_layers`: 3, `sliding_window`: 9, "
                + "`layer_types`: [`full_attention`, `sliding_attention`, `full_attention`]}").windows());
        assertEquals(Collections.nCopies(32, 2047), spec("{`model_type`: `phi3`, `sliding_window`: 2047}").windows());
        assertEquals(Collections.nCopies(32, 0), spec("{`model_type`: `phi3`}").windows());
    }

    @Test
    void gemma() {
        DecoderSpec two = spec("{`model_type`: `gemma2`, `hidden_size`: 2304}");
        assertEquals(48, two.embeddingScale());
        assertEquals(50, two.attention().softcap());
        assertEquals(30, two.logitSoftcap());
        assertEquals(0.0625f, two.attention().scale());
        DecoderSpec plain = spec("{`model_type`: `gemma2`, `attn_logit_softcapping`: null, `final_logit_softcapping`: null}");
        assertEquals(0, plain.attention().softcap());
        assertEquals(0, plain.logitSoftcap());
        // A multimodal file's text part: every sixth layer sees all, with another base, and only it is scaled.
        DecoderSpec three = spec(
                "{`architectures`: [`Gemma3ForConditionalGeneration`], `model_type`: `gemma3`, `vision_config`: {`hidden_size`: 7}, "
                        + "`text_config`: {`model_type`: `gemma3_text`, `hidden_size`: 2560, `num_hidden_layers`: 7, `sliding_window`: 1024, "
                        + "`rope_scaling`: {`factor`: 8.0, `rope_type`: `linear`}}}");
        assertEquals(2560, three.hidden());
        assertEquals(List.of(1024, 1024, 1024, 1024, 1024, 0, 1024), three.windows());
        assertEquals(new Positions.Rope(1e4, 256, new RopeScaling.None()), three.positions(0));
        assertEquals(new Positions.Rope(1e6, 256, new RopeScaling.Linear(8)), three.positions(5));
        assertTrue(three.attention().qkNorm() && three.tiedHead());
        assertEquals(List.of("language_model.model.norm.weight", "model.language_model.norm.weight"),
                new Gemma3().aliases("model.norm.weight"));
    }

    @Test
    void phi() {
        assertEquals(32, ((Positions.Rope) spec("{`model_type`: `phi`}").positions(0)).rotaryDim());
        assertEquals(24, ((Positions.Rope) spec("{`model_type`: `gpt_neox`}").positions(0)).rotaryDim());
        // Phi-4-mini: three quarters of each head, grouped heads, tied.
        DecoderSpec four = spec(
                "{`model_type`: `phi3`, `num_attention_heads`: 24, `num_key_value_heads`: 8, `partial_rotary_factor`: 0.75, "
                        + "`tie_word_embeddings`: true}");
        assertEquals(96, ((Positions.Rope) four.positions(0)).rotaryDim());
        assertTrue(four.tiedHead());
        assertTrue(spec("{`model_type`: `phi`, `qk_layernorm`: true}").attention().qkNorm());
        assertFalse(spec("{`model_type`: `gpt_neox`, `use_parallel_residual`: false}").parallelResidual());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
            "{`model_type`: `opt`, `do_layer_norm_before`: false} | do_layer_norm_before is false: norms behind the residual addition",
            "{`model_type`: `opt`, `hidden_size`: 1032, `word_embed_proj_dim`: 512} | word_embed_proj_dim is 512, not the hidden size 1032",
            "{`model_type`: `opt`, `_remove_final_layer_norm`: true} | _remove_final_layer_norm is true",
            "{`model_type`: `bloom`, `apply_residual_connection_post_layernorm`: true} | apply_residual_connection_post_layernorm is true",
            "{`model_type`: `gpt2`, `scale_attn_by_inverse_layer_idx`: true} | scale_attn_by_inverse_layer_idx is true, which is not supported",
            "{`model_type`: `gpt2`, `add_cross_attention`: true} | add_cross_attention is true",
            "{`model_type`: `gpt2`, `activation_function`: `quick_gelu`} | activation_function is 'quick_gelu', supported are: silu",
            "{`model_type`: `gpt2`, `n_head`: 7} | n_head is 7, which does not divide the hidden size 768",
            "{`model_type`: `gemma2`, `layer_types`: [`full_attention`]} | layer_types names 1 layers; num_hidden_layers says 26",
            "{`model_type`: `gemma2`, `num_hidden_layers`: 1, `layer_types`: [`chunked_attention`]} | layer_types holds 'chunked_attention'",
            "{`model_type`: `gemma3_text`, `use_bidirectional_attention`: true} | use_bidirectional_attention is true",
            "{`model_type`: `phi`, `partial_rotary_factor`: 0.01} | partial_rotary_factor is 0.01, so that 0 entries of each head's 64 are rotated",
            "{`model_type`: `gpt_neox`, `num_key_value_heads`: 8} | num_key_value_heads is 8; a GPT-NeoX has as many as attention heads",
            "{`model_type`: `mistral`, `sliding_window`: -1} | sliding_window is '-1', not a whole number from 1"
    })
    void refuses(String config, String message) {
        CraneException e = assertThrows(CraneException.class, () -> spec(config));
        assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }
}
