package dev.crane.models.tokenizer.sentencepiece;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.sentencepiece.ProtobufMessage.DamagedException;

/**
 * What a {@code tokenizer.model} holds ({@code sentencepiece_model.proto}); what a file leaves out has the value that the schema gives it.
 *
 * @param pieces the vocabulary; a piece's id is its place
 * @param algorithm how text is cut
 * @param specials the pieces that begin and end a text
 * @param normalizer what is done to a text before
 */
public record SentencePieceModel(List<Piece> pieces, Algorithm algorithm, Specials specials, Normalization normalizer) {
    /** The largest published file (Gemma) has some 4 MB. */
    private static final long LARGEST_FILE = 256L << 20;
    /** SentencePiece cuts no piece longer than 16 characters unless told otherwise; the longest published has some hundred. */
    private static final int LONGEST_PIECE = 1 << 12;

    /** Ways to cut text. */
    public enum Algorithm {
        /** By scores of a language model. */
        UNIGRAM,
        /** By merging. */
        BPE
    }

    /** What a piece is. */
    public enum Kind {
        /** A stretch of text. */
        NORMAL,
        /** What stands for the unknown. */
        UNKNOWN,
        /** A mark that stands for no text. */
        CONTROL,
        /** A text that is never cut. */
        USER_DEFINED,
        /** Not used in encoding. */
        UNUSED,
        /** A byte. */
        BYTE
    }

    /**
     * A piece of the vocabulary.
     *
     * @param score log-probability, or for BPE the merge's rank below zero
     */
    public record Piece(String text, float score, Kind kind) {}

    /**
     * Names of pieces, from {@code trainer_spec}.
     *
     * @param bos that begins a text; null where there is none
     * @param eos that ends a text; null where there is none
     */
    public record Specials(String bos, String eos) {}

    /**
     * From {@code normalizer_spec} and {@code trainer_spec}.
     *
     * @param map {@code precompiled_charsmap}; empty: nothing is replaced
     * @param blankInFront {@code add_dummy_prefix}
     * @param singleBlanks {@code remove_extra_whitespaces}
     * @param escapesBlanks {@code escape_whitespaces}
     * @param blanksBehind {@code treat_whitespace_as_suffix}
     * @param byteFallback {@code byte_fallback}
     */
    public record Normalization(byte[] map, boolean blankInFront, boolean singleBlanks, boolean escapesBlanks, boolean blanksBehind,
            boolean byteFallback) {}

    /**
     * Reads a file.
     *
     * @throws CraneException it cannot be read, is damaged, or of a kind that CRANE does not know
     */
    public static SentencePieceModel read(Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new CraneException(
                        file + ": has " + Files.size(file) + " bytes, more than the " + LARGEST_FILE + " that a tokenizer may have");
            }
            return new Reader(file).model(ByteBuffer.wrap(Files.readAllBytes(file)));
        } catch (DamagedException e) {
            throw new CraneException(file + ": is no SentencePiece model: " + e.getMessage(), e);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    /** Gathers the fields of the messages. */
    private static final class Reader {
        private final Path file;
        private final List<Piece> pieces = new ArrayList<>();
        private int algorithm = 1;
        private boolean blanksBehind;
        private boolean byteFallback;
        private int bosId = 1;
        private int eosId = 2;
        private byte[] map = {};
        private boolean blankInFront = true;
        private boolean singleBlanks = true;
        private boolean escapesBlanks = true;

        Reader(Path file) {
            this.file = file;
        }

        SentencePieceModel model(ByteBuffer bytes) throws DamagedException {
            ProtobufMessage message = new ProtobufMessage(bytes);
            for (int field = message.next(); field != 0; field = message.next()) {
                switch (field) {
                    case 1 -> pieces.add(piece(new ProtobufMessage(message.content())));
                    case 2 -> trainer(new ProtobufMessage(message.content()));
                    case 3 -> normalizer(new ProtobufMessage(message.content()));
                    default -> {
                        // tests of itself, and what is done to decoded text, which no published model has
                    }
                }
            }
            if (pieces.isEmpty()) {
                throw new DamagedException("it has no pieces");
            }
            Algorithm kind = switch (algorithm) {
                case 1 -> Algorithm.UNIGRAM;
                case 2 -> Algorithm.BPE;
                default -> throw new CraneException(file + ": is a SentencePiece model of "
                        + (algorithm == 3 ? "words" : algorithm == 4 ? "characters" : "kind " + algorithm)
                        + "; CRANE knows Unigram and BPE");
            };
            return new SentencePieceModel(List.copyOf(pieces), kind, new Specials(special(bosId), special(eosId)),
                    new Normalization(map, blankInFront, singleBlanks, escapesBlanks, blanksBehind, byteFallback));
        }

        private String special(int id) {
            return id >= 0 && id < pieces.size() && pieces.get(id).kind == Kind.CONTROL ? pieces.get(id).text : null;
        }

        private Piece piece(ProtobufMessage message) throws DamagedException {
            String text = "";
            float score = 0;
            int kind = 1;
            for (int field = message.next(); field != 0; field = message.next()) {
                switch (field) {
                    case 1 -> text = message.text();
                    case 2 -> score = message.real();
                    case 3 -> kind = message.integer();
                    default -> {
                        // of a later schema
                    }
                }
            }
            String where = "the piece " + pieces.size();
            if (text.isEmpty() || text.length() > LONGEST_PIECE) {
                throw new DamagedException(where + " has " + text.length() + " characters");
            }
            if (!Float.isFinite(score)) {
                throw new DamagedException(where + " has the score " + score);
            }
            return new Piece(text, score, switch (kind) {
                case 1 -> Kind.NORMAL;
                case 2 -> Kind.UNKNOWN;
                case 3 -> Kind.CONTROL;
                case 4 -> Kind.USER_DEFINED;
                case 5 -> Kind.UNUSED;
                case 6 -> Kind.BYTE;
                default -> throw new DamagedException(where + " is of the unknown kind " + kind);
            });
        }

        private void trainer(ProtobufMessage message) throws DamagedException {
            for (int field = message.next(); field != 0; field = message.next()) {
                switch (field) {
                    case 3 -> algorithm = message.integer();
                    case 24 -> blanksBehind = message.flag();
                    case 35 -> byteFallback = message.flag();
                    case 41 -> bosId = message.integer();
                    case 42 -> eosId = message.integer();
                    default -> {
                        // how it was trained
                    }
                }
            }
        }

        private void normalizer(ProtobufMessage message) throws DamagedException {
            for (int field = message.next(); field != 0; field = message.next()) {
                switch (field) {
                    case 2 -> {
                        ByteBuffer content = message.content().duplicate();
                        map = new byte[content.remaining()];
                        content.get(map);
                    }
                    case 3 -> blankInFront = message.flag();
                    case 4 -> singleBlanks = message.flag();
                    case 5 -> escapesBlanks = message.flag();
                    default -> {
                        // the rules that the map was compiled from
                    }
                }
            }
        }
    }
}
