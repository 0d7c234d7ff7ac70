package dev.crane.models.config;

import java.util.List;
import java.util.Optional;

import dev.crane.engine.decoder.Positions.Rope;
import dev.crane.engine.decoder.RopeFrequencies;
import dev.crane.engine.decoder.RopeScaling;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * Rotary positions from a configuration, in the older spelling ({@code rope_theta} and {@code rope_scaling}) or the newer ({@code rope_parameters}),
 * with the defaults of transformers' {@code modeling_rope_utils.py}.
 */
public final class RopeConfig {
    private static final String SUPPORTED = "default, linear, llama3, yarn, longrope";

    private RopeConfig() {
    }

    /**
     * How many entries of a head are rotated: {@code partial_rotary_factor}, among the rope's settings or beside them, of its width.
     *
     * @param key another spelling of the factor, or null
     * @param absent the class's default of the factor
     */
    public static int rotaryDim(ModelConfig config, int headDim, String key, double absent) {
        String partial = "partial_rotary_factor";
        double beside = key != null && config.has(key) ? config.positive(key) : config.positive(partial, absent);
        double factor = settings(config).map(rope -> rope.positive(partial, beside)).orElse(beside);
        int rotaryDim = (int) (headDim * factor);
        if (rotaryDim < 2 || rotaryDim > headDim || rotaryDim % 2 != 0) {
            throw factor == 1
                    ? config.error("head_dim", "is " + headDim + "; with rotary positions it must be even")
                    : config.error(partial, "is " + factor + ", so that " + rotaryDim + " entries of each head's " + headDim
                            + " are rotated; that must be an even number from 2 to " + headDim);
        }
        return rotaryDim;
    }

    /** The rope's settings, in either spelling. */
    private static Optional<ModelConfig> settings(ModelConfig config) {
        return config.object(config.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
    }

    /**
     * Rotary positions that are the same in all layers.
     *
     * @param rotaryDim how many entries of a head are rotated
     * @param maxPositions the configuration's {@code max_position_embeddings}
     */
    public static Rope read(ModelConfig config, int rotaryDim, int maxPositions) {
        return read(config, "rope_theta", rotaryDim, maxPositions);
    }

    /** @param thetaKey the class's name for {@code rope_theta} */
    public static Rope read(ModelConfig config, String thetaKey, int rotaryDim, int maxPositions) {
        ModelConfig rope = settings(config).orElse(null);
        double theta = config.positive(thetaKey, 10_000);
        // Models whose layers differ have one object for each kind of layer; those read here have full attention only.
        if (rope != null && rope.has("full_attention")) {
            theta = rope.positive("rope_theta", theta);
            rope = rope.object("full_attention").orElseThrow();
        }
        return read(config, rope, theta, rotaryDim, maxPositions);
    }

    /**
     * Rotary positions of a model whose layers of full attention and of a sliding window differ: {@code rope_parameters} holds an object for each, or, in
     * the older spelling, {@code rope_theta} and {@code rope_scaling} are those of full attention and {@code rope_local_base_freq} the base of the others.
     *
     * @param sliding whether those of the layers with a window are wanted
     * @param absentTheta the class's default of the base of these layers
     */
    public static Rope read(ModelConfig config, boolean sliding, double absentTheta, int rotaryDim, int maxPositions) {
        double theta = config.positive(sliding ? "rope_local_base_freq" : "rope_theta", absentTheta);
        ModelConfig rope = settings(config).orElse(null);
        if (rope != null && (rope.has("full_attention") || rope.has("sliding_attention"))) {
            rope = rope.object(sliding ? "sliding_attention" : "full_attention").orElse(null);
        } else if (sliding) {
            rope = null;
        }
        return read(config, rope, theta, rotaryDim, maxPositions);
    }

    private static Rope read(ModelConfig config, ModelConfig rope, double absentTheta, int rotaryDim, int maxPositions) {
        if (rope == null) {
            return new Rope(absentTheta, rotaryDim, new RopeScaling.None());
        }
        String key = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
        Rope read = new Rope(rope.positive("rope_theta", absentTheta), rotaryDim, scaling(config, rope, rotaryDim, maxPositions));
        checkFinite(config, key, RopeFrequencies.of(read, maxPositions));
        checkFinite(config, key, RopeFrequencies.of(read, 1));
        return read;
    }

    /** Each setting may be in order and all of them together absurd: a base of 1, an original length of one token. */
    private static void checkFinite(ModelConfig config, String key, RopeFrequencies frequencies) {
        boolean finite = Float.isFinite(frequencies.attentionScaling());
        for (float f : frequencies.inverse()) {
            finite &= Float.isFinite(f);
        }
        if (!finite) {
            throw config.error(key, "holds settings that give no finite frequencies");
        }
    }

    private static RopeScaling scaling(ModelConfig config, ModelConfig rope, int rotaryDim, int maxPositions) {
        String key = rope.has("rope_type") ? "rope_type" : "type";
        String type = rope.text(key).orElse("default");
        return switch (type) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(rope.positive("factor"));
            case "llama3" -> llama3(rope, originalMaxPositions(config, rope, maxPositions));
            case "yarn" -> yarn(rope, originalMaxPositions(config, rope, maxPositions), maxPositions);
            // Phi-3's first files called it su.
            case "longrope", "su" -> longRope(rope, rotaryDim, originalMaxPositions(config, rope, maxPositions), maxPositions);
            case "dynamic" -> throw rope.error(key,
                    "is 'dynamic', whose frequencies change while a text grows; it is not supported, supported are: " + SUPPORTED);
            default -> throw rope.error(key, "is " + quote(type) + ", supported are: " + SUPPORTED);
        };
    }

    private static RopeScaling llama3(ModelConfig rope, int original) {
        double low = rope.positive("low_freq_factor");
        double high = rope.positive("high_freq_factor");
        if (high <= low) {
            throw rope.error("high_freq_factor", "must be greater than low_freq_factor");
        }
        return new RopeScaling.Llama3(rope.positive("factor"), low, high, original);
    }

    private static RopeScaling yarn(ModelConfig rope, int original, int maxPositions) {
        double factor = rope.positive("factor", (double) maxPositions / original);
        double attention = RopeScaling.Yarn.attentionFactor(factor);
        if (rope.has("mscale") && rope.has("mscale_all_dim") && rope.number("mscale") != 0 && rope.number("mscale_all_dim") != 0) {
            attention = RopeScaling.Yarn.attentionFactor(factor, rope.number("mscale"), rope.number("mscale_all_dim"));
        }
        return new RopeScaling.Yarn(factor, original, rope.positive("attention_factor", attention), rope.positive("beta_fast", 32),
                rope.positive("beta_slow", 1), rope.flag("truncate", true));
    }

    private static RopeScaling longRope(ModelConfig rope, int rotaryDim, int original, int maxPositions) {
        double factor = rope.positive("factor", (double) maxPositions / original);
        return new RopeScaling.LongRope(divisors(rope, "short_factor", rotaryDim), divisors(rope, "long_factor", rotaryDim), original,
                rope.positive("attention_factor", RopeScaling.LongRope.attentionFactor(factor, original)));
    }

    private static List<Double> divisors(ModelConfig rope, String key, int rotaryDim) {
        List<Double> divisors = rope.numbers(key);
        if (divisors.size() != rotaryDim / 2 || divisors.stream().anyMatch(d -> d <= 0)) {
            throw rope.error(key, "must hold " + rotaryDim / 2 + " numbers greater than 0, half of the rotated width");
        }
        return divisors;
    }

    /** The length of the first training: beside the rope's settings (Phi-3), among them, or the maximum. */
    private static int originalMaxPositions(ModelConfig config, ModelConfig rope, int maxPositions) {
        String key = "original_max_position_embeddings";
        return config.size(key, rope.size(key, maxPositions));
    }
}
