package dev.crane.models.family;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.Positions.Rope;
import dev.crane.engine.decoder.RopeScaling;
import dev.crane.models.config.ModelConfig;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class LlamaTest {
    private static DecoderSpec spec(String config) {
        ModelConfig parsed = ModelConfig.parse(Path.of("config.json"), config.replace('`', '"').getBytes(StandardCharsets.UTF_8));
        return new Llama().spec(parsed);
    }

    private static RopeScaling scaling(String config) {
        return ((Rope) spec(config).positions(0)).scaling();
    }

    @Test
    void missingKeysTakeTheDefaultsOfLlamaConfig() {
        DecoderSpec spec = spec("{}");
        assertEquals(32000, spec.vocabulary());
        assertEquals(4096, spec.hidden());
        assertEquals(32, spec.layers());
        assertEquals(2048, spec.maxPositions());
        assertEquals(11008, spec.mlp().intermediate());
        assertEquals(32, spec.attention().kvHeads());
        assertEquals(128, spec.attention().headDim());
        assertEquals(1e-6f, spec.norm().epsilon());
        assertEquals(new Rope(10000, 128, new RopeScaling.None()), spec.positions(31));
        assertFalse(spec.tiedHead() || spec.attention().qkvBias() || spec.attention().outBias() || spec.mlp().bias());
        assertEquals(2 + 32 * 9 + 1, new Llama().tensors(spec).size());
    }

    @Test
    void nullsAreMissingAndUnknownKeysAreIgnored() {
        assertEquals(spec("{`hidden_size`: 64, `num_attention_heads`: 4}"),
                spec("{`hidden_size`: 64, `num_attention_heads`: 4, `head_dim`: null, "
                        + "`num_key_value_heads`: null, `rope_scaling`: null, `rope_parameters`: null, `eos_token_id`: [1, 2], `pretraining_tp`: 1, `new`: {}}"));
    }

    @Test
    void headsNeedNotAddUpToTheHiddenSize() {
        DecoderSpec spec = spec(
                "{`hidden_size`: 60, `num_attention_heads`: 4, `num_key_value_heads`: 2, `head_dim`: 24, `vocab_size`: 10}");
        assertEquals(96, spec.attention().queryWidth());
        assertEquals(48, spec.attention().keyValueWidth());
        assertArrayEquals(new long[]{60, 96}, new Llama().tensors(spec).get("model.layers.0.self_attn.o_proj.weight"));
        assertArrayEquals(new long[]{48, 60}, new Llama().tensors(spec).get("model.layers.0.self_attn.v_proj.weight"));
    }

    @Test
    void readsBothSpellingsOfRope() {
        RopeScaling llama3 = new RopeScaling.Llama3(8, 1, 4, 8192);
        String settings = "`factor`: 8.0, `low_freq_factor`: 1.0, `high_freq_factor`: 4.0, `original_max_position_embeddings`: 8192";
        DecoderSpec older = spec(
                "{`rope_theta`: 500000.0, `max_position_embeddings`: 131072, `rope_scaling`: {`rope_type`: `llama3`, " + settings + "}}");
        DecoderSpec newer = spec("{`max_position_embeddings`: 131072, `rope_parameters`: {`rope_theta`: 500000.0, `rope_type`: `llama3`, "
                + settings + "}}");
        DecoderSpec nested = spec(
                "{`max_position_embeddings`: 131072, `rope_parameters`: {`full_attention`: {`rope_theta`: 500000.0, `rope_type`: `llama3`, "
                        + settings + "}}}");
        assertEquals(new Rope(500000, 128, llama3), older.positions(0));
        assertEquals(older, newer);
        assertEquals(older, nested);
        assertEquals(new RopeScaling.Linear(4), scaling("{`rope_scaling`: {`type`: `linear`, `factor`: 4}}"));
        assertEquals(new RopeScaling.None(), scaling("{`rope_scaling`: {`type`: `default`}}"));
    }

    @Test
    void readsYarnWithItsDefaults() {
        // 0.1 ln 4 + 1 = 1.1386294…
        assertEquals(new RopeScaling.Yarn(4, 32768, 0.1 * Math.log(4) + 1, 32, 1, true),
                scaling("{`rope_scaling`: {`type`: `yarn`, `factor`: 4.0, `original_max_position_embeddings`: 32768}}"));
        assertEquals(new RopeScaling.Yarn(2, 4096, 1.5, 24, 2, false),
                scaling("{`max_position_embeddings`: 8192, `rope_scaling`: {`type`: `yarn`, "
                        + "`original_max_position_embeddings`: 4096, `attention_factor`: 1.5, `beta_fast`: 24, `beta_slow`: 2, `truncate`: false}}"));
        // (0.1 · 1 · ln 40 + 1) / (0.1 · 0.707 · ln 40 + 1), DeepSeek's.
        assertEquals(new RopeScaling.Yarn(40, 4096, (0.1 * Math.log(40) + 1) / (0.0707 * Math.log(40) + 1), 32, 1, true), scaling(
                "{`rope_scaling`: {`type`: `yarn`, `factor`: 40, `original_max_position_embeddings`: 4096, `mscale`: 1.0, `mscale_all_dim`: 0.707}}"));
    }

    @Test
    void readsLongRope() {
        String base = "`hidden_size`: 16, `num_attention_heads`: 4, `num_key_value_heads`: 4, `max_position_embeddings`: 131072";
        RopeScaling.LongRope expected = new RopeScaling.LongRope(List.of(1.0, 1.5), List.of(2.0, 30.0), 4096,
                Math.sqrt(1 + Math.log(32) / Math.log(4096)));
        // Phi-3's spelling: su, and the original length beside the scaling.
        assertEquals(expected, scaling("{" + base + ", `original_max_position_embeddings`: 4096, "
                + "`rope_scaling`: {`type`: `su`, `short_factor`: [1, 1.5], `long_factor`: [2, 30]}}"));
        assertEquals(expected,
                scaling("{" + base + ", `rope_parameters`: {`rope_type`: `longrope`, `short_factor`: [1, 1.5], `long_factor`: [2, 30], "
                        + "`original_max_position_embeddings`: 4096, `rope_theta`: 10000.0}}"));
    }

    @ParameterizedTest
    @CsvSource({"silu,SILU", "swish,SILU", "gelu,GELU", "gelu_new,GELU_TANH", "gelu_pytorch_tanh,GELU_TANH", "relu,RELU"})
    void readsActivations(String name, Activation activation) {
        assertEquals(activation, spec("{`hidden_act`: `" + name + "`}").mlp().activation());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
            "{`hidden_size`: -1} | hidden_size is '-1', not a whole number from 1 to 16777216",
            "{`hidden_size`: 1.5} | hidden_size is '1.5', not a whole number",
            "{`hidden_size`: `64`} | hidden_size is '\"64\"', not a whole number",
            "{`num_hidden_layers`: 1000000000} | num_hidden_layers is '1000000000', not a whole number from 1 to 10000",
            "{`num_key_value_heads`: 5} | num_key_value_heads is 5, which does not divide the 32 attention heads",
            "{`hidden_size`: 100} | num_attention_heads is 32, which does not divide the hidden size 100, and there is no head_dim",
            "{`head_dim`: 15} | head_dim is 15; with rotary positions it must be even",
            "{`head_dim`: 16777216} | head_dim is 16777216; 32 heads must be at most 16777216 wide",
            "{`rms_norm_eps`: 0} | rms_norm_eps is '0', not a number greater than 0",
            "{`rms_norm_eps`: Infinity} | not a finite number",
            "{`mlp_bias`: 1} | mlp_bias is '1', not true or false",
            "{`hidden_act`: `mish`} | hidden_act is 'mish', supported are: silu, gelu",
            "{`rope_theta`: `x`} | rope_theta is or holds '\"x\"', not a finite number",
            "{`rope_scaling`: 3} | rope_scaling is '3', not an object",
            "{`rope_scaling`: {`type`: `linear`}} | rope_scaling.factor is missing",
            "{`rope_scaling`: {`type`: `llama3`, `factor`: 8}} | rope_scaling.low_freq_factor is missing",
            "{`rope_scaling`: {`type`: `llama3`, `factor`: 8, `low_freq_factor`: 4, `high_freq_factor`: 4}} | must be greater than low_freq_factor",
            "{`rope_scaling`: {`type`: `dynamic`, `factor`: 2}} | rope_scaling.type is 'dynamic', whose frequencies change while a text grows",
            "{`rope_parameters`: {`rope_type`: `mrope`}} | rope_parameters.rope_type is 'mrope', supported are: default, linear, llama3, yarn, longrope",
            "{`rope_theta`: 1, `rope_scaling`: {`type`: `yarn`, `factor`: 2}} | rope_scaling holds settings that give no finite frequencies",
            "{`rope_scaling`: {`type`: `longrope`, `short_factor`: [1], `long_factor`: [1]}} | short_factor must hold 64 numbers greater than 0"
    })
    void refuses(String config, String message) {
        CraneException e = assertThrows(CraneException.class, () -> spec(config));
        assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }
}
