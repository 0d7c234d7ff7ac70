package dev.crane.models.tokenizer.decoder;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.pattern.TextPattern;
import dev.crane.models.tokenizer.pretokenizer.ByteAlphabet;

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
            default -> throw place.unknown("decoder", type, "Sequence, ByteLevel, Fuse, Replace, Strip");
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
