package dev.crane.models.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.decoder.Decoder;
import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.SubwordModel;
import dev.crane.models.tokenizer.model.Vocabulary;
import dev.crane.models.tokenizer.normalizer.Normalizer;
import dev.crane.models.tokenizer.postprocessor.PostProcessor;
import dev.crane.models.tokenizer.pretokenizer.PreTokenizer;

/**
 * Reads a {@code tokenizer.json}. The vocabulary and the merges, which are nearly all of the file, go straight into their tables; the rest is small
 * and read as a tree. {@code truncation} and {@code padding} are left to the caller, as in transformers.
 */
final class TokenizerFile {
    /** The largest published file has some 40 MB. */
    private static final long LARGEST_FILE = 512L << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;
    private final Map<String, JsonNode> sections = new HashMap<>();
    private final ModelSection section;

    private TokenizerFile(Path file) {
        this.file = file;
        section = new ModelSection(file);
    }

    static Tokenizer read(Path file, SpecialTokenNames names) {
        TokenizerFile tokenizer = new TokenizerFile(file);
        tokenizer.parse();
        return tokenizer.build(names);
    }

    private static CraneException notJson(Path file, JacksonException e) {
        String where = e.getLocation() == null || e.getLocation().getLineNr() < 0
                ? ""
                : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
        return new CraneException(file + ": is not valid JSON: " + FileErrors.oneLine(e.getOriginalMessage()) + where, e);
    }

    private void parse() {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw error("has " + Files.size(file) + " bytes, more than the " + LARGEST_FILE + " that a tokenizer may have");
            }
            try (InputStream in = Files.newInputStream(file); JsonParser parser = JSON.createParser(in)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw error("is not a JSON object");
                }
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    if (name.equals("model")) {
                        section.parse(parser);
                    } else {
                        sections.put(name, ModelSection.PART.readTree(parser));
                    }
                }
                if (parser.nextToken() != null) {
                    throw error("something follows the JSON object");
                }
            }
        } catch (JacksonException e) {
            throw notJson(file, e);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private Tokenizer build(SpecialTokenNames names) {
        JsonPlace root = new JsonPlace(file, "", JSON.createObjectNode().setAll(sections));
        SubwordModel model = section.model();
        Vocabulary vocabulary = section.vocabulary();
        List<AddedToken> added = addedTokens(root);
        Normalizer normalizer = root.has("normalizer") ? Normalizer.read(root.member("normalizer")) : new Normalizer.Chain(List.of());
        PreTokenizer preTokenizer = root.has("pre_tokenizer")
                ? PreTokenizer.read(root.member("pre_tokenizer"))
                : new PreTokenizer.Chain(List.of());
        PostProcessor postProcessor = root.has("post_processor")
                ? PostProcessor.read(root.member("post_processor"), id -> vocabulary.token(id) != null)
                : new PostProcessor.Chain(List.of());
        Decoder decoder = root.has("decoder") ? Decoder.read(root.member("decoder")) : null;
        return new Tokenizer(new Tokenizer.Stages(normalizer, preTokenizer, model, postProcessor, decoder), vocabulary, added,
                List.of(), names);
    }

    private List<AddedToken> addedTokens(JsonPlace root) {
        List<AddedToken> added = new ArrayList<>();
        if (!root.has("added_tokens")) {
            return added;
        }
        for (JsonPlace place : root.elements("added_tokens")) {
            boolean special = place.flag("special", false);
            AddedToken token = new AddedToken(place.member("id").integer(Vocabulary.LARGEST_SIZE), place.text("content"),
                    place.flag("single_word", false), place.flag("lstrip", false), place.flag("rstrip", false),
                    place.flag("normalized", !special), special);
            section.addToken(place.where(), token.content(), token.id());
            added.add(token);
        }
        return added;
    }

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
