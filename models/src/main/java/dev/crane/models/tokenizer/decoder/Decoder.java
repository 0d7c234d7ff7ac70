package dev.crane.models.tokenizer.decoder;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.ByteTokens;
import dev.crane.models.tokenizer.pattern.TextPattern;
import dev.crane.models.tokenizer.pretokenizer.ByteAlphabet;
import dev.crane.models.tokenizer.pretokenizer.PreTokenizer;

/** Turns tokens back into the stretches of text they stand for; joined, these are the text. */
public sealed interface Decoder {
    /** The stretches; there may be fewer than tokens. */
    List<String> decode(List<String> tokens);

    /** Reads the value of {@code decoder}. */
    static Decoder read(JsonPlace place) {
        String type = place.text("type");
        return switch (type) {
            case "Sequence" -> new Chain(place.elements("decoders").stream().map(Decoder::read).toList());
            case "ByteLevel" -> new ByteLevel();
            case "Fuse" -> new Fuse();
            case "Replace" -> new Replace(TextPattern.read(place.member("pattern")), place.text("content"));
            case "Strip" -> new Strip(place.text("content"), place.member("start").integer(Integer.MAX_VALUE),
                    place.member("stop").integer(Integer.MAX_VALUE));
            case "ByteFallback" -> new ByteFallback();
            case "Metaspace" -> Metaspace.read(place);
            case "WordPiece" -> new WordPiece(place.text("prefix"), place.flag("cleanup", true));
            case "BPEDecoder" -> new WordEnd(place.text("suffix"));
            default -> throw place.unknown("decoder", type,
                    "Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip, WordPiece, BPEDecoder");
        };
    }

    /** One after another. */
    record Chain(List<Decoder> decoders) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = tokens;
            for (Decoder decoder : decoders) {
                decoded = decoder.decode(decoded);
            }
            return decoded;
        }
    }

    /** The bytes that the tokens' characters stand for, read as UTF-8; what is no UTF-8 becomes U+FFFD. */
    record ByteLevel() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String token : tokens) {
                bytes.writeBytes(ByteAlphabet.toBytes(token));
            }
            return List.of(bytes.toString(StandardCharsets.UTF_8));
        }
    }

    /** Byte tokens that follow one another as the UTF-8 they spell; where that is none, U+FFFD for each. */
    record ByteFallback() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String token : tokens) {
                int value = ByteTokens.value(token);
                if (value >= 0) {
                    bytes.write(value);
                } else {
                    flush(bytes, decoded);
                    decoded.add(token);
                }
            }
            flush(bytes, decoded);
            return decoded;
        }

        private static void flush(ByteArrayOutputStream bytes, List<String> decoded) {
            if (bytes.size() > 0) {
                try {
                    decoded.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString());
                } catch (CharacterCodingException e) {
                    decoded.addAll(Collections.nCopies(bytes.size(), "\uFFFD"));
                }
                bytes.reset();
            }
        }
    }

    /**
     * SentencePiece's blank as a blank; of the first token, which begins with one that was put there, without it.
     *
     * @param replacement what stands for a blank
     * @param dropsFirst whether the first token loses its
     */
    record Metaspace(String replacement, boolean dropsFirst) implements Decoder {
        private static Metaspace read(JsonPlace place) {
            PreTokenizer.Metaspace encoder = PreTokenizer.Metaspace.read(place);
            return new Metaspace(encoder.replacement(), encoder.prepend() != PreTokenizer.Prepend.NEVER);
        }

        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                decoded.add(token.replace(replacement, decoded.isEmpty() && dropsFirst ? "" : " "));
            }
            return decoded;
        }
    }

    /**
     * Words with blanks between, continuations put to what they continue.
     *
     * @param prefix what a continuation begins with
     * @param cleanup whether blanks before signs and English contractions go
     */
    record WordPiece(String prefix, boolean cleanup) implements Decoder {
        private static final String[][] CLEANED = {{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"},
                {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                String text = token;
                if (!decoded.isEmpty()) {
                    text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
                }
                for (int i = 0; cleanup && i < CLEANED.length; i++) {
                    text = text.replace(CLEANED[i][0], CLEANED[i][1]);
                }
                decoded.add(text);
            }
            return decoded;
        }
    }

    /** The mark of a word's end as a blank, but for the last word. */
    record WordEnd(String suffix) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                decoded.add(suffix.isEmpty() ? token : token.replace(suffix, decoded.size() == tokens.size() - 1 ? "" : " "));
            }
            return decoded;
        }
    }

    /** All in one, for decoders after it that mean the ends of the text. */
    record Fuse() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            return List.of(String.join("", tokens));
        }
    }

    /** Every match by {@code content}. */
    record Replace(TextPattern pattern, String content) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                decoded.add(pattern.replace(token, content));
            }
            return decoded;
        }
    }

    /** Without up to {@code start} times {@code content} in front and {@code stop} times behind. */
    record Strip(String content, int start, int stop) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            List<String> decoded = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                int from = 0;
                int to = token.length();
                for (int i = 0; i < start && !content.isEmpty() && token.startsWith(content, from); i++) {
                    from += content.length();
                }
                for (int i = 0; i < stop && !content.isEmpty() && to - content.length() >= from
                        && token.startsWith(content, to - content.length()); i++) {
                    to -= content.length();
                }
                decoded.add(token.substring(from, to));
            }
            return decoded;
        }
    }
}
