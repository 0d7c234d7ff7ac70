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
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.decoder.Decoder;
import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.BytePairEncoding;
import dev.crane.models.tokenizer.model.MergeTable;
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
    /** Reads one value in the middle of a document. */
    private static final ObjectReader PART = JSON.readerFor(JsonNode.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Path file;
    private final Map<String, JsonNode> sections = new HashMap<>();
    private final ObjectNode modelSettings = JsonNodeFactory.instance.objectNode();
    private final Vocabulary vocabulary = new Vocabulary();
    private final List<String> mergeParts = new ArrayList<>();
    private boolean hasModel;
    private boolean hasVocabulary;
    private boolean hasMerges;

    private TokenizerFile(Path file) {
        this.file = file;
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
                        parseModel(parser);
                    } else {
                        sections.put(name, PART.readTree(parser));
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

    private void parseModel(JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw error("model is not an object");
        }
        hasModel = true;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
                hasVocabulary = true;
                parseVocabulary(parser);
            } else if (name.equals("vocab")) {
                parser.skipChildren(); // of another kind of model, which is told later
            } else if (name.equals("merges") && value == JsonToken.START_ARRAY) {
                hasMerges = true;
                parseMerges(parser);
            } else {
                modelSettings.set(name, PART.readTree(parser));
            }
        }
    }

    private void parseVocabulary(JsonParser parser) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String token = parser.currentName();
            boolean integer = parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
            if (!integer || !parser.isExpectedNumberIntToken() || parser.getNumberType() != JsonParser.NumberType.INT
                    || parser.getIntValue() < 0 || parser.getIntValue() >= Vocabulary.LARGEST_SIZE) {
                throw error("model.vocab: the id of " + FileErrors.quote(token) + " is not a whole number from 0 to "
                        + (Vocabulary.LARGEST_SIZE - 1));
            }
            addToken("model.vocab", token, parser.getIntValue());
        }
    }

    private void addToken(String where, String token, int id) {
        try {
            vocabulary.add(token, id);
        } catch (IllegalArgumentException e) {
            throw error(where + ": the token " + FileErrors.quote(token) + " " + e.getMessage());
        }
    }

    /** Merges are pairs {@code ["a", "b"]} or, in older files, strings {@code "a b"}. */
    private void parseMerges(JsonParser parser) {
        for (JsonToken value = parser.nextToken(); value != JsonToken.END_ARRAY; value = parser.nextToken()) {
            String where = "model.merges[" + mergeParts.size() / 2 + "]";
            if (value == JsonToken.VALUE_STRING) {
                String[] parts = parser.getString().split(" ", -1);
                if (parts.length != 2) {
                    throw error(where + ": " + FileErrors.quote(parser.getString()) + " is not two tokens with a blank between");
                }
                mergeParts.add(parts[0]);
                mergeParts.add(parts[1]);
            } else {
                boolean pair = value == JsonToken.START_ARRAY;
                for (int i = 0; pair && i < 2; i++) {
                    pair = parser.nextToken() == JsonToken.VALUE_STRING;
                    mergeParts.add(pair ? parser.getString() : "");
                }
                if (!pair || parser.nextToken() != JsonToken.END_ARRAY) {
                    throw error(where + ": is neither a pair of tokens nor a string");
                }
            }
        }
    }

    private Tokenizer build(SpecialTokenNames names) {
        if (!hasModel) {
            throw error("has no \"model\"; is it the tokenizer.json of a model folder?");
        }
        JsonPlace root = new JsonPlace(file, "", JSON.createObjectNode().setAll(sections));
        SubwordModel model = model();
        List<AddedToken> added = addedTokens(root);
        Normalizer normalizer = root.has("normalizer") ? Normalizer.read(root.member("normalizer")) : new Normalizer.Chain(List.of());
        PreTokenizer preTokenizer = root.has("pre_tokenizer")
                ? PreTokenizer.read(root.member("pre_tokenizer"))
                : new PreTokenizer.Chain(List.of());
        PostProcessor postProcessor = root.has("post_processor")
                ? PostProcessor.read(root.member("post_processor"), id -> vocabulary.token(id) != null)
                : new PostProcessor.Chain(List.of());
        Decoder decoder = root.has("decoder") ? Decoder.read(root.member("decoder")) : null;
        return new Tokenizer(new Tokenizer.Stages(normalizer, preTokenizer, model, postProcessor, decoder), vocabulary, added, names);
    }

    private SubwordModel model() {
        JsonPlace place = new JsonPlace(file, "model", modelSettings);
        // the oldest files do not name the kind
        String type = place.has("type") ? place.text("type") : hasMerges ? "BPE" : "without a type";
        if (!type.equals("BPE")) {
            throw place.unknown("tokenizer model", type, "BPE");
        }
        if (!hasVocabulary) {
            throw place.error("has no \"vocab\"");
        }
        if (!hasMerges) {
            throw place.error("has no \"merges\"");
        }
        refuse(place, "byte_fallback", place.flag("byte_fallback", false));
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            refuse(place, affix, place.has(affix) && !place.text(affix).isEmpty());
        }
        refuse(place, "dropout", place.has("dropout") && place.member("dropout").node().asDouble(1) != 0);
        int unknown = -1;
        if (place.has("unk_token") && !place.text("unk_token").isEmpty()) {
            unknown = vocabulary.id(place.text("unk_token"));
            if (unknown < 0) {
                throw place.member("unk_token").error("the vocabulary has no " + FileErrors.quote(place.text("unk_token")));
            }
        }
        return new BytePairEncoding(vocabulary, merges(), place.flag("ignore_merges", false), unknown, place.flag("fuse_unk", false));
    }

    private static void refuse(JsonPlace place, String setting, boolean refused) {
        if (refused) {
            throw place.error("BPE with \"" + setting + "\" is unknown to CRANE");
        }
    }

    private MergeTable merges() {
        MergeTable merges = new MergeTable(mergeParts.size() / 2);
        for (int rank = 0; rank < mergeParts.size() / 2; rank++) {
            String left = mergeParts.get(2 * rank);
            String right = mergeParts.get(2 * rank + 1);
            merges.add(mergeToken(rank, left), mergeToken(rank, right), rank, mergeToken(rank, left + right));
        }
        return merges;
    }

    private int mergeToken(int rank, String token) {
        int id = vocabulary.id(token);
        if (id < 0) {
            throw error("model.merges[" + rank + "]: the vocabulary has no " + FileErrors.quote(token));
        }
        return id;
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
            addToken(place.where(), token.content(), token.id());
            added.add(token);
        }
        return added;
    }

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
