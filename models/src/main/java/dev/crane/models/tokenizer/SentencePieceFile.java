package dev.crane.models.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.decoder.Decoder;
import dev.crane.models.tokenizer.model.BytePairEncoding;
import dev.crane.models.tokenizer.model.IdBuffer;
import dev.crane.models.tokenizer.model.MergeTable;
import dev.crane.models.tokenizer.model.PrefixTree;
import dev.crane.models.tokenizer.model.SubwordModel;
import dev.crane.models.tokenizer.model.Unigram;
import dev.crane.models.tokenizer.model.Vocabulary;
import dev.crane.models.tokenizer.normalizer.CharacterMap;
import dev.crane.models.tokenizer.normalizer.SentencePieceNormalizer;
import dev.crane.models.tokenizer.pattern.TextPattern;
import dev.crane.models.tokenizer.postprocessor.PostProcessor;
import dev.crane.models.tokenizer.pretokenizer.PreTokenizer;
import dev.crane.models.tokenizer.sentencepiece.SentencePieceModel;
import dev.crane.models.tokenizer.sentencepiece.SentencePieceModel.Algorithm;
import dev.crane.models.tokenizer.sentencepiece.SentencePieceModel.Kind;
import dev.crane.models.tokenizer.sentencepiece.SentencePieceModel.Piece;

/**
 * A tokenizer from SentencePiece's {@code tokenizer.model}, for folders without {@code tokenizer.json}. Text is cut as SentencePiece cuts it, and around
 * that as the transformers library does: control pieces and the tokens of {@code added_tokens.json} and {@code tokenizer_config.json} are looked for in
 * the text, each part between them is cut for itself, and {@code add_bos_token} and {@code add_eos_token} say what is put around.
 */
final class SentencePieceFile {
    private final Path file;
    private final SentencePieceModel pieces;
    private final TokenizerConfig config;
    private final Vocabulary vocabulary = new Vocabulary();
    private final List<AddedToken> userDefined = new ArrayList<>();
    private final PrefixTree userDefinedTree = new PrefixTree();
    private int unknown = -1;

    private SentencePieceFile(Path file, TokenizerConfig config) {
        this.file = file;
        this.config = config;
        pieces = SentencePieceModel.read(file);
    }

    static Tokenizer read(Path file, TokenizerConfig config) {
        return new SentencePieceFile(file, config).build();
    }

    private Tokenizer build() {
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < pieces.pieces().size(); id++) {
            Piece piece = pieces.pieces().get(id);
            add("piece " + id, piece.text(), id);
            switch (piece.kind()) {
                case CONTROL -> added.add(new AddedToken(id, piece.text(), false, false, false, false, true));
                case UNKNOWN -> {
                    unknown = id;
                    added.add(new AddedToken(id, piece.text(), false, false, false, false, true));
                }
                case USER_DEFINED -> {
                    userDefined.add(new AddedToken(id, piece.text(), false, false, false, true, false));
                    userDefinedTree.put(piece.text(), id);
                }
                case NORMAL, UNUSED, BYTE -> {
                    // found by the model itself
                }
            }
        }
        if (unknown < 0) {
            throw error("has no piece for the unknown");
        }
        SubwordModel model = pieces.algorithm() == Algorithm.BPE ? bytePairEncoding() : unigram();
        for (AddedToken token : config.addedTokens()) {
            add(FileErrors.quote(token.content()) + " of the files beside it", token.content(), token.id());
            added.removeIf(other -> other.id() == token.id());
            added.add(token);
        }
        SpecialTokenNames names = config.names();
        String bos = names.bos().told() ? names.bos().content().orElse(null) : pieces.specials().bos();
        String eos = names.eos().told() ? names.eos().content().orElse(null) : pieces.specials().eos();
        PostProcessor around = new PostProcessor.Template(ids(config.addsBos(bos != null), bos), ids(config.addsEos(), eos));
        // user-defined pieces are looked for in the normalised text as they are, which for BPE means: before anything is merged
        List<AddedToken> whole = pieces.algorithm() == Algorithm.BPE ? userDefined : List.of();
        return new Tokenizer(new Tokenizer.Stages(normalizer(), new PreTokenizer.Chain(List.of()), model, around, decoder()), vocabulary,
                added,
                whole, names);
    }

    private int[] ids(boolean adds, String token) {
        IdBuffer ids = new IdBuffer();
        if (adds && token != null && vocabulary.id(token) >= 0) {
            ids.add(vocabulary.id(token));
        }
        return ids.toArray();
    }

    private SentencePieceNormalizer normalizer() {
        SentencePieceModel.Normalization spec = pieces.normalizer();
        CharacterMap map;
        try {
            map = spec.map().length == 0 ? null : new CharacterMap(spec.map());
        } catch (IllegalArgumentException e) {
            throw error("precompiled_charsmap: " + e.getMessage());
        }
        return new SentencePieceNormalizer(map, userDefinedTree, new SentencePieceNormalizer.Settings(spec.blankInFront(), !config.legacy(),
                spec.singleBlanks(), spec.escapesBlanks(), spec.blanksBehind()));
    }

    private Decoder decoder() {
        SentencePieceModel.Normalization spec = pieces.normalizer();
        List<Decoder> decoders = new ArrayList<>();
        decoders.add(new Decoder.Replace(new TextPattern.Literal(String.valueOf(BytePairEncoding.BLANK)), " "));
        decoders.add(new Decoder.ByteFallback());
        decoders.add(new Decoder.Fuse());
        if (spec.blankInFront() || spec.singleBlanks()) {
            decoders.add(new Decoder.Strip(" ", spec.singleBlanks() ? Integer.MAX_VALUE : 1, 0));
        }
        return new Decoder.Chain(decoders);
    }

    private Unigram unigram() {
        int count = pieces.pieces().size();
        PrefixTree tree = new PrefixTree();
        double[] scores = new double[count];
        float lowest = Float.MAX_VALUE;
        float highest = Float.MIN_NORMAL; // as SentencePiece begins, so that no score below zero counts
        for (Piece piece : pieces.pieces()) {
            if (piece.kind() == Kind.NORMAL) {
                lowest = Math.min(lowest, piece.score());
                highest = Math.max(highest, piece.score());
            }
        }
        for (int id = 0; id < count; id++) {
            Piece piece = pieces.pieces().get(id);
            if (piece.kind() == Kind.NORMAL) {
                tree.put(piece.text(), id);
                scores[id] = piece.score();
            } else if (piece.kind() == Kind.USER_DEFINED) {
                tree.put(piece.text(), id);
                int bytes = piece.text().getBytes(StandardCharsets.UTF_8).length;
                scores[id] = (float) (bytes * highest - 0.1); // better than any other way, as in unigram_model.cc
            }
        }
        return new Unigram(vocabulary, tree, scores, lowest, new Unigram.Settings(unknown, pieces.normalizer().byteFallback(), true));
    }

    /** Two pieces merge where a piece is spelled as both together; the one with the largest score is made first. */
    private BytePairEncoding bytePairEncoding() {
        List<Piece> all = pieces.pieces();
        if (all.stream().anyMatch(piece -> piece.kind() == Kind.UNUSED)) {
            throw error("is a BPE model with unused pieces, which CRANE does not know");
        }
        PrefixTree tree = new PrefixTree();
        for (int id = 0; id < all.size(); id++) {
            if (all.get(id).kind() == Kind.NORMAL) {
                tree.put(all.get(id).text(), id);
            }
        }
        int[] byScore = IntStream.range(0, all.size())
                .filter(id -> all.get(id).kind() == Kind.NORMAL)
                .boxed()
                .sorted(Comparator.comparingDouble(id -> -all.get(id).score()))
                .mapToInt(Integer::intValue)
                .toArray();
        List<int[]> found = new ArrayList<>();
        int rank = 0;
        for (int i = 0; i < byScore.length; i++) {
            if (i > 0 && all.get(byScore[i]).score() != all.get(byScore[i - 1]).score()) {
                rank++;
            }
            splits(tree, byScore[i], rank, found);
        }
        MergeTable merges = new MergeTable(found.size());
        for (int[] merge : found) {
            merges.add(vocabulary, merge[0], merge[1], merge[2], merge[3]);
        }
        return new BytePairEncoding(vocabulary, merges,
                new BytePairEncoding.Settings(false, unknown, true, pieces.normalizer().byteFallback()));
    }

    private void splits(PrefixTree tree, int id, int rank, List<int[]> found) {
        String text = pieces.pieces().get(id).text();
        int left = PrefixTree.ROOT;
        for (int cut = 1; cut < text.length(); cut++) {
            left = tree.next(left, text.charAt(cut - 1));
            if (tree.value(left) != PrefixTree.NONE) {
                int right = vocabulary.id(text.substring(cut));
                if (right >= 0 && pieces.pieces().get(right).kind() == Kind.NORMAL) {
                    found.add(new int[]{tree.value(left), right, rank, id});
                }
            }
        }
    }

    private void add(String where, String token, int id) {
        try {
            vocabulary.add(token, id);
        } catch (IllegalArgumentException e) {
            throw error(where + ": the token " + FileErrors.quote(token) + " " + e.getMessage());
        }
    }

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
