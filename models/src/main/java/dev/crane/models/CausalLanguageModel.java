package dev.crane.models;

import java.nio.file.Path;

import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * A model folder ready to run: weights on a backend, and the tokenizer. Used by one thread at a time.
 *
 * <pre>{@code
 * try (CausalLanguageModel model = CausalLanguageModel.load(Path.of("models/babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT)) {
 *     int[] ids = model.tokenizer().encodeWithBos("Water boils at");
 *     ForwardResult result = model.engine().forward(PackedBatch.of(List.of(ids)), ForwardRequest.of(Output.NEXT_LOGPROBS));
 * }
 * }</pre>
 */
public final class CausalLanguageModel implements AutoCloseable {
    private final ModelFolder folder;
    private final ModelWeights weights;
    private final Backend backend;
    private final Engine engine;
    private final Tokenizer tokenizer;

    private CausalLanguageModel(ModelFolder folder, ModelWeights weights, Backend backend, Engine engine, Tokenizer tokenizer) {
        this.folder = folder;
        this.weights = weights;
        this.backend = backend;
        this.engine = engine;
        this.tokenizer = tokenizer;
    }

    /**
     * Loads a model folder.
     *
     * @param backend where it runs; belongs to the model from now on and is closed with it, or when loading fails
     * @throws CraneException if the folder, its weights or its tokenizer cannot be used; a tokenizer may be absent
     */
    public static CausalLanguageModel load(Path path, Backend backend, EngineOptions options) {
        ModelWeights weights = null;
        try {
            ModelFolder folder = ModelFolder.open(path);
            Tokenizer tokenizer = folder.tokenizer().isPresent() ? Tokenizer.load(path) : null;
            weights = folder.weights();
            Engine engine = Engine.load(folder.spec(), weights.decoder(), backend, options);
            return new CausalLanguageModel(folder, weights, backend, engine, tokenizer);
        } catch (RuntimeException e) {
            backend.close();
            if (weights != null)
                weights.close();
            throw e;
        }
    }

    /** The folder's own name, for messages and tables. */
    public String name() {
        return folder.name();
    }

    /** What the folder says of itself. */
    public ModelFolder folder() {
        return folder;
    }

    /** Which model it is, for provenance; see {@link ModelFolder#hash}. */
    public String hash() {
        return folder.hash();
    }

    /** What the model is. */
    public DecoderSpec spec() {
        return folder.spec();
    }

    /** Runs it. */
    public Engine engine() {
        return engine;
    }

    /** Its weights as they are stored; valid until the model is closed. */
    public DecoderWeights weights() {
        return weights.decoder();
    }

    /** Bytes of all weights as stored. */
    public long weightBytes() {
        return weights.bytes();
    }

    /** Whether there is a tokenizer; without one, texts must come as ids. */
    public boolean hasTokenizer() {
        return tokenizer != null;
    }

    /**
     * Its tokenizer.
     *
     * @throws CraneException if the folder has none
     */
    public Tokenizer tokenizer() {
        if (tokenizer == null)
            throw new CraneException(
                    folder.path() + ": has no tokenizer.json and no tokenizer.model; give texts as token ids, or add the file");
        return tokenizer;
    }

    /** Closes engine, backend and weights. */
    @Override
    public void close() {
        engine.close();
        backend.close();
        weights.close();
    }
}
