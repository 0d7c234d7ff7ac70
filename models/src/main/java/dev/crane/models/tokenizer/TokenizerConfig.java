package dev.crane.models.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.models.json.JsonFile;
import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.Vocabulary;

/**
 * What {@code tokenizer_config.json} and {@code added_tokens.json} add to a SentencePiece model. A {@code tokenizer.json} holds all this itself.
 *
 * @param names the tokens that begin and end a text
 * @param place {@code tokenizer_config.json}, empty where there is none
 * @param addedTokens tokens that are no pieces of the model, or that say more about a piece
 */
record TokenizerConfig(SpecialTokenNames names, JsonPlace place, List<AddedToken> addedTokens) {
    private static final long LARGEST_FILE = 64L << 20;

    /** Nothing is told. */
    static TokenizerConfig untold(Path file) {
        return new TokenizerConfig(SpecialTokenNames.UNTOLD, new JsonPlace(file, "", JsonMapper.shared().createObjectNode()), List.of());
    }

    /** Reads the files beside a {@code tokenizer.model}; each may be missing. */
    static TokenizerConfig read(Path folder) {
        JsonPlace config = read(folder, "tokenizer_config.json");
        Map<Integer, AddedToken> added = new TreeMap<>();
        JsonPlace simple = read(folder, "added_tokens.json");
        for (Map.Entry<String, JsonNode> entry : simple.node().properties()) {
            if (entry.getKey().isEmpty()) {
                throw simple.error("names an empty token");
            }
            int id = simple.member(entry.getKey()).integer(Vocabulary.LARGEST_SIZE);
            added.put(id, new AddedToken(id, entry.getKey(), false, false, false, false, false));
        }
        if (config.has("added_tokens_decoder")) {
            JsonPlace decoder = config.member("added_tokens_decoder");
            for (Map.Entry<String, JsonNode> entry : decoder.node().properties()) {
                JsonPlace token = decoder.member(entry.getKey());
                int id = id(token, entry.getKey());
                added.put(id, new AddedToken(id, token.text("content"), token.flag("single_word", false), token.flag("lstrip", false),
                        token.flag("rstrip", false), false, token.flag("special", false)));
            }
        }
        return new TokenizerConfig(SpecialTokenNames.read(folder), config, new ArrayList<>(added.values()));
    }

    private static JsonPlace read(Path folder, String name) {
        Path file = folder.resolve(name);
        return new JsonPlace(file, "", Files.exists(file) ? JsonFile.read(file, LARGEST_FILE) : JsonMapper.shared().createObjectNode());
    }

    private static int id(JsonPlace token, String key) {
        if (!key.matches("\\d{1,8}") || Integer.parseInt(key) >= Vocabulary.LARGEST_SIZE) {
            throw token.error("its key is not a whole number from 0 to " + (Vocabulary.LARGEST_SIZE - 1));
        }
        return Integer.parseInt(key);
    }

    /** Whether the token that begins a text is put in front. */
    boolean addsBos(boolean untold) {
        return place.flag("add_bos_token", untold);
    }

    /** Whether the token that ends a text is put behind. */
    boolean addsEos() {
        return place.flag("add_eos_token", false);
    }

    /** Whether every part of a text between added tokens gets a blank in front, as Llama 2's tokenizer does unless told otherwise. */
    boolean legacy() {
        return place.flag("legacy", true);
    }
}
