package dev.crane.models.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.decoder.Decoder;
import dev.crane.models.tokenizer.model.ByteTokens;
import dev.crane.models.tokenizer.model.IdBuffer;
import dev.crane.models.tokenizer.model.SubwordModel;
import dev.crane.models.tokenizer.model.Vocabulary;
import dev.crane.models.tokenizer.normalizer.Normalizer;
import dev.crane.models.tokenizer.postprocessor.PostProcessor;
import dev.crane.models.tokenizer.pretokenizer.ByteAlphabet;
import dev.crane.models.tokenizer.pretokenizer.PreTokenizer;

/**
 * Text to token ids and back, with the results of the Hugging Face tokenizers library.
 *
 * <p>
 * A text goes through five stages: added tokens are cut out; what is left is normalised, cut into pieces, and each piece encoded by the model; at
 * the end special tokens are put around it. Instances are immutable but for a cache and can be used by any number of threads at once.
 */
public final class Tokenizer {
    /** The stages; the decoder may be null, then tokens are joined with blanks. */
    record Stages(Normalizer normalizer, PreTokenizer preTokenizer, SubwordModel model, PostProcessor postProcessor, Decoder decoder) {}

    /** Stands for the text where only what is put around it matters; no id is negative. */
    private static final int TEXT = -1;

    private final Stages stages;
    private final Vocabulary vocabulary;
    private final List<AddedToken> addedTokens;
    private final BitSet special = new BitSet();
    private final AddedTokenMatcher asGiven = new AddedTokenMatcher();
    private final AddedTokenMatcher normalized = new AddedTokenMatcher();
    private final OptionalInt bosId;
    private final OptionalInt eosId;
    private final boolean addsBos;

    /**
     * @param addedTokens tokens that are looked for in the text as given or, where they are {@code normalized}, by their normalised content
     * @param wholePieces tokens that are looked for in the normalised text by their content as it is
     */
    Tokenizer(Stages stages, Vocabulary vocabulary, List<AddedToken> addedTokens, List<AddedToken> wholePieces, SpecialTokenNames names) {
        this.stages = stages;
        this.vocabulary = vocabulary;
        this.addedTokens = Stream.concat(addedTokens.stream(), wholePieces.stream()).toList();
        for (AddedToken token : wholePieces) {
            normalized.add(token.content(), token);
        }
        for (AddedToken token : addedTokens) {
            if (token.normalized()) {
                normalized.add(stages.normalizer.normalize(token.content()), token);
            } else {
                asGiven.add(token.content(), token);
            }
            special.set(token.id(), token.special());
        }
        int[] around = stages.postProcessor.process(new int[]{TEXT});
        bosId = id(names.bos(), around[0]);
        eosId = id(names.eos(), around[around.length - 1]);
        addsBos = around[0] != TEXT;
    }

    /** The token a file beside the tokenizer names; where none tells, what the tokenizer itself puts at that end of a text. */
    private OptionalInt id(SpecialTokenNames.Name name, int around) {
        if (!name.told()) {
            return around == TEXT ? OptionalInt.empty() : OptionalInt.of(around);
        }
        if (name.content().isEmpty()) {
            return OptionalInt.empty();
        }
        String content = name.content().get();
        return OptionalInt
                .of(tokenId(content).orElseThrow(() -> name.place().error("the tokenizer has no token " + FileErrors.quote(content))));
    }

    /** The file that holds a folder's tokenizer: {@code tokenizer.json}, or where there is none {@code tokenizer.model}. */
    public static Optional<Path> file(Path folder) {
        return Stream.of("tokenizer.json", "tokenizer.model").map(folder::resolve).filter(Files::isRegularFile).findFirst();
    }

    /**
     * Reads a tokenizer.
     *
     * @param path a {@code tokenizer.json} or SentencePiece {@code tokenizer.model}, or a model folder that holds one; from a folder,
     *        {@code tokenizer_config.json} and {@code special_tokens_map.json}, where they are there, say which tokens begin and end a text
     * @throws CraneException it is not there, is damaged, or holds a component that CRANE does not know
     */
    public static Tokenizer load(Path path) {
        if (!Files.exists(path)) {
            throw new CraneException(
                    path + ": there is no such file or folder; give a model folder, a tokenizer.json or a tokenizer.model");
        }
        boolean folder = Files.isDirectory(path);
        Path file = folder
                ? file(path).orElseThrow(() -> new CraneException(path + ": holds neither tokenizer.json nor tokenizer.model; "
                        + "folders with vocab.json and merges.txt alone need a tokenizer.json written once with the transformers library"))
                : path;
        if (file.toString().endsWith(".model")) {
            return SentencePieceFile.read(file, folder ? TokenizerConfig.read(path) : TokenizerConfig.untold(file));
        }
        return TokenizerFile.read(file, folder ? SpecialTokenNames.read(path) : SpecialTokenNames.UNTOLD);
    }

    /**
     * The ids of {@code text}.
     *
     * @param text any text; a surrogate without its partner is read as U+FFFD. Special tokens spelled in it become their ids.
     * @param addSpecial whether to put the tokenizer's special tokens around it
     */
    public int[] encode(CharSequence text, boolean addSpecial) {
        IdBuffer ids = new IdBuffer();
        asGiven.cut(wellFormed(text.toString()),
                (part, first) -> normalized.cut(stages.normalizer.normalize(part, first),
                        (rest, start) -> stages.preTokenizer.split(rest, first && start,
                                (piece, ignored) -> stages.model.encode(piece, ids)),
                        token -> ids.add(token.id())),
                token -> ids.add(token.id()));
        return addSpecial ? stages.postProcessor.process(ids.toArray()) : ids.toArray();
    }

    /**
     * The ids of {@code text} behind the token that begins a text: with all of the tokenizer's special tokens where it puts one in front itself;
     * otherwise with {@link #bosId} in front and no other; where there is none, the text's alone.
     */
    public int[] encodeWithBos(CharSequence text) {
        int[] ids = encode(text, addsBos);
        if (addsBos || bosId.isEmpty()) {
            return ids;
        }
        IdBuffer whole = new IdBuffer();
        whole.add(bosId.getAsInt());
        whole.addAll(ids);
        return whole.toArray();
    }

    /**
     * The text that {@code ids} stand for. Ids without a token (models often have more rows than their tokenizer has tokens) stand for nothing;
     * bytes that are no UTF-8 are read as U+FFFD.
     *
     * @param skipSpecial whether to leave special tokens out
     */
    public String decode(int[] ids, boolean skipSpecial) {
        List<String> tokens = new ArrayList<>(ids.length);
        for (int id : ids) {
            String token = vocabulary.token(id);
            if (token != null && !(skipSpecial && isSpecial(id))) {
                tokens.add(token);
            }
        }
        return stages.decoder == null ? String.join(" ", tokens) : String.join("", stages.decoder.decode(tokens));
    }

    /** The id of the token that is spelled {@code token} in the vocabulary (a byte-level one writes a blank as {@code Ġ}). */
    public OptionalInt tokenId(String token) {
        int id = vocabulary.id(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /**
     * The token as the vocabulary spells it.
     *
     * @throws CraneException no token has the id
     */
    public String token(int id) {
        String token = vocabulary.token(id);
        if (token == null) {
            throw new CraneException("the tokenizer has no token with the id " + id + "; its ids end before " + vocabularySize());
        }
        return token;
    }

    /** Whether a token has the id. */
    public boolean hasToken(int id) {
        return vocabulary.token(id) != null;
    }

    /** The largest id plus one, added tokens included. A model's embedding may have more rows. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The tokens that are looked for in the text itself, special ones among them, in the file's order. */
    public List<AddedToken> addedTokens() {
        return addedTokens;
    }

    /** Whether the token stands for no text. */
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    /** What it is, for people: {@code byte-level BPE}. */
    public String kind() {
        return (stages.decoder instanceof Decoder.ByteLevel ? "byte-level " : "") + stages.model.kind();
    }

    /** The token that begins a text, where the model has one. */
    public OptionalInt bosId() {
        return bosId;
    }

    /** The token that ends a text, where the model has one. */
    public OptionalInt eosId() {
        return eosId;
    }

    /** Whether {@link #encode} with special tokens puts one in front of the text. */
    public boolean addsBos() {
        return addsBos;
    }

    /**
     * How many bytes of UTF-8 the token stands for in a text: none for a special token or an id without a token. The blank that some tokenizers put
     * before a text counts with the token that holds it.
     */
    public int byteLength(int id) {
        String token = vocabulary.token(id);
        if (token == null || isSpecial(id)) {
            return 0;
        }
        if (stages.decoder instanceof Decoder.ByteLevel) {
            return ByteAlphabet.toBytes(token).length; // a part of a character has its bytes, which decoding alone would not give
        }
        if (ByteTokens.value(token) >= 0) {
            return 1;
        }
        if (stages.decoder == null) {
            return utf8Length(token);
        }
        // Some decoders drop the blank that encoding put before the first token: asked for is a token somewhere in a text.
        return utf8Length(String.join("", stages.decoder.decode(List.of("a", token)))) - 1;
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSurrogatePair(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : 0)) {
                    return text.codePoints()
                            .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                            .toString();
                }
                i++;
            }
        }
        return text;
    }
}
