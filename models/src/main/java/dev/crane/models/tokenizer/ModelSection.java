package dev.crane.models.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.BytePairEncoding;
import dev.crane.models.tokenizer.model.MergeTable;
import dev.crane.models.tokenizer.model.PrefixTree;
import dev.crane.models.tokenizer.model.SubwordModel;
import dev.crane.models.tokenizer.model.Unigram;
import dev.crane.models.tokenizer.model.Vocabulary;
import dev.crane.models.tokenizer.model.WordPiece;

/** The value of {@code model} in a {@code tokenizer.json}: the vocabulary with merges or scores, and a few settings. */
final class ModelSection {
    /** Reads one value in the middle of a document. */
    static final ObjectReader PART = JsonMapper.shared().readerFor(JsonNode.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Path file;
    private final ObjectNode settings = JsonNodeFactory.instance.objectNode();
    private final Vocabulary vocabulary = new Vocabulary();
    private final List<String> mergeParts = new ArrayList<>();
    /** Of each id; null unless the vocabulary is a list of tokens with scores. */
    private double[] scores;
    private boolean present;
    private boolean hasVocabulary;
    private boolean hasMerges;

    ModelSection(Path file) {
        this.file = file;
    }

    /** All tokens so far. */
    Vocabulary vocabulary() {
        return vocabulary;
    }

    /** Reads the value of {@code model}, at whose beginning the parser stands. */
    void parse(JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw error("model is not an object");
        }
        present = true;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
                hasVocabulary = true;
                parseVocabulary(parser);
            } else if (name.equals("vocab") && value == JsonToken.START_ARRAY) {
                parseScores(parser);
            } else if (name.equals("merges") && value == JsonToken.START_ARRAY) {
                hasMerges = true;
                parseMerges(parser);
            } else {
                settings.set(name, PART.readTree(parser));
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

    /** Adds a token that {@code where} of the file holds. */
    void addToken(String where, String token, int id) {
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

    /** A list of tokens with their scores, {@code ["a", -3.5]}, whose ids are their places. */
    private void parseScores(JsonParser parser) {
        scores = new double[1024];
        int id = 0;
        for (JsonToken value = parser.nextToken(); value != JsonToken.END_ARRAY; value = parser.nextToken()) {
            String where = "model.vocab[" + id + "]";
            boolean pair = id < Vocabulary.LARGEST_SIZE && value == JsonToken.START_ARRAY && parser.nextToken() == JsonToken.VALUE_STRING;
            String token = pair ? parser.getString() : "";
            if (!pair || !parser.nextToken().isNumeric()) {
                throw error(where + ": is not a token with its score");
            }
            double score = parser.getDoubleValue();
            if (!Double.isFinite(score) || parser.nextToken() != JsonToken.END_ARRAY) {
                throw error(where + ": is not a token with its score");
            }
            addToken("model.vocab", token, id);
            if (id == scores.length) {
                scores = Arrays.copyOf(scores, 2 * id);
            }
            scores[id++] = score;
        }
        scores = Arrays.copyOf(scores, id);
    }

    /** The model that the file describes. */
    SubwordModel model() {
        if (!present) {
            throw error("has no \"model\"; is it the tokenizer.json of a model folder?");
        }
        JsonPlace place = new JsonPlace(file, "model", settings);
        // the oldest files do not name the kind
        String type = place.has("type") ? place.text("type") : hasMerges ? "BPE" : scores != null ? "Unigram" : "without a type";
        return switch (type) {
            case "BPE" -> bytePairEncoding(place);
            case "Unigram" -> unigram(place);
            case "WordPiece" -> wordPiece(place);
            default -> throw place.unknown("tokenizer model", type, "BPE, Unigram, WordPiece");
        };
    }

    private BytePairEncoding bytePairEncoding(JsonPlace place) {
        needVocabulary(place);
        if (!hasMerges) {
            throw place.error("has no \"merges\"");
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            refuse(place, affix, place.has(affix) && !place.text(affix).isEmpty());
        }
        refuse(place, "dropout", place.has("dropout") && place.member("dropout").node().asDouble(1) != 0);
        return new BytePairEncoding(vocabulary, merges(), new BytePairEncoding.Settings(place.flag("ignore_merges", false),
                unknownToken(place), place.flag("fuse_unk", false), place.flag("byte_fallback", false)));
    }

    private int unknownToken(JsonPlace place) {
        if (!place.has("unk_token") || place.text("unk_token").isEmpty()) {
            return -1;
        }
        int unknown = vocabulary.id(place.text("unk_token"));
        if (unknown < 0) {
            throw place.member("unk_token").error("the vocabulary has no " + FileErrors.quote(place.text("unk_token")));
        }
        return unknown;
    }

    private Unigram unigram(JsonPlace place) {
        if (scores == null) {
            throw place.error("has no \"vocab\" of tokens with scores");
        }
        int unknown = place.has("unk_id") ? place.member("unk_id").integer(Math.max(1, scores.length)) : -1;
        PrefixTree tokens = new PrefixTree();
        for (int id = 0; id < scores.length; id++) {
            tokens.put(vocabulary.token(id), id);
        }
        double lowest = Arrays.stream(scores).min().orElseThrow(() -> place.error("has an empty vocabulary"));
        return new Unigram(vocabulary, tokens, scores, lowest,
                new Unigram.Settings(unknown, place.flag("byte_fallback", false), false));
    }

    private WordPiece wordPiece(JsonPlace place) {
        needVocabulary(place);
        int unknown = unknownToken(place);
        if (unknown < 0) {
            throw place.error("has no \"unk_token\"");
        }
        String prefix = place.has("continuing_subword_prefix") ? place.text("continuing_subword_prefix") : "##";
        int longest = place.has("max_input_chars_per_word") ? place.member("max_input_chars_per_word").integer(Integer.MAX_VALUE) : 100;
        return new WordPiece(vocabulary, unknown, prefix, longest);
    }

    private void needVocabulary(JsonPlace place) {
        if (!hasVocabulary) {
            throw place.error("has no \"vocab\" of tokens with ids");
        }
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
            merges.add(vocabulary, mergeToken(rank, left), mergeToken(rank, right), rank, mergeToken(rank, left + right));
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

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
