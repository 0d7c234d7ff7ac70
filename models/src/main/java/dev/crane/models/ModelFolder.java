package dev.crane.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.family.Family;
import dev.crane.models.safetensors.WeightFiles;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * A model as it comes from the hub: a folder with {@code config.json}, safetensors files and a tokenizer. Nothing in it is executed, and
 * nothing outside it is read.
 *
 * <pre>{@code
 * ModelFolder model = ModelFolder.open(Path.of("models/babel-base"));
 * try (ModelWeights weights = model.weights()) {
 *     … model.spec(), weights.decoder() …
 * }
 * }</pre>
 */
public final class ModelFolder {
    private final Path path;
    private final byte[] configBytes;
    private final ModelConfig config;
    private final Family family;
    private final DecoderSpec spec;
    private final OptionalInt bosTokenId;
    private final List<Integer> eosTokenIds;
    private String hash;

    private ModelFolder(Path path, byte[] configBytes) {
        this.path = path;
        this.configBytes = configBytes;
        ModelConfig config = ModelConfig.parse(path.resolve("config.json"), configBytes);
        Fp8Weights.check(config);
        this.config = config;
        this.family = Family.of(config);
        this.spec = family.spec(config);
        Path generationFile = path.resolve("generation_config.json");
        ModelConfig generation = Files.exists(generationFile) ? ModelConfig.read(generationFile) : config;
        this.bosTokenId = tokenIds(config, generation, "bos_token_id").stream().mapToInt(Integer::intValue).findFirst();
        // What ends a text is often known only to the generation settings: a chat model's end of turn.
        this.eosTokenIds = tokenIds(generation, config, "eos_token_id");
    }

    /**
     * Reads what a folder describes; its weights are opened by {@link #weights}.
     *
     * @throws CraneException if it is no model folder, or one of a model that is not supported
     */
    public static ModelFolder open(Path folder) {
        if (!Files.exists(folder)) {
            throw new CraneException(folder + ": there is no such folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new CraneException(folder + ": is a file, not a model folder");
        }
        Path config = folder.resolve("config.json");
        if (!Files.exists(config)) {
            throw new CraneException(
                    folder + ": has no config.json; a model folder holds config.json, safetensors files and tokenizer.json");
        }
        try {
            return new ModelFolder(folder, Files.readAllBytes(config));
        } catch (IOException e) {
            throw FileErrors.cannotRead(config, e);
        }
    }

    private static List<Integer> tokenIds(ModelConfig first, ModelConfig second, String key) {
        return first.has(key) ? first.tokenIds(key) : second.tokenIds(key);
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The folder's own name, for messages and tables. */
    public String name() {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }

    /** {@code config.json}. */
    ModelConfig config() {
        return config;
    }

    /** The family that {@code config.json} names. */
    public Family family() {
        return family;
    }

    /** What {@code config.json} describes. */
    public DecoderSpec spec() {
        return spec;
    }

    /** {@code bos_token_id} of {@code config.json} or {@code generation_config.json}; a tokenizer may know better. */
    public OptionalInt bosTokenId() {
        return bosTokenId;
    }

    /** {@code eos_token_id} of {@code generation_config.json} or {@code config.json}: one or several, or none. */
    public List<Integer> eosTokenIds() {
        return eosTokenIds;
    }

    /** {@code tokenizer.json} or {@code tokenizer.model}, if there is one. */
    public Optional<Path> tokenizer() {
        return Tokenizer.file(path);
    }

    /**
     * Maps and checks the weights.
     *
     * @throws CraneException if files are missing or damaged, or tensors are missing, of the wrong shape or type, or not finite
     */
    public ModelWeights weights() {
        return ModelWeights.open(this);
    }

    /**
     * Says in 64 hexadecimal digits which model this is: the SHA-256 of the bytes of {@code config.json} and of each safetensors file's name, length,
     * header and the CRC-32C of every block of its data. Every byte of every weight counts, so a masked or otherwise changed copy has another hash; but it
     * is a check against mistakes, not against somebody who forges blocks of equal CRC. The tokenizer does not count. Reads all weights once, at about the
     * speed of memory; computed on the first call.
     */
    public synchronized String hash() {
        if (hash == null) {
            try (WeightFiles files = WeightFiles.open(path)) {
                MessageDigest sha = MessageDigest.getInstance("SHA-256");
                sha.update(ByteBuffer.allocate(4).putInt(configBytes.length).flip());
                sha.update(configBytes);
                files.digest(sha);
                hash = HexFormat.of().formatHex(sha.digest());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }
        return hash;
    }

    @Override
    public String toString() {
        return path + " (" + spec.family() + ")";
    }
}
