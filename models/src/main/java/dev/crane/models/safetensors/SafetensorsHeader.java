package dev.crane.models.safetensors;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.tensor.DType;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * The JSON header of a safetensors file, with the checks of the reference implementation
 * (https://github.com/huggingface/safetensors, {@code safetensors/src/tensor.rs}).
 *
 * @param metadata the strings under {@code __metadata__}
 * @param entries the tensors, in the order of their bytes
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> entries) {
    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /**
     * @param begin first byte, counted from the end of the header
     * @param end one past the last byte
     */
    record Entry(String name, DType dtype, long[] shape, long begin, long end) {}

    /**
     * Parses and checks a header.
     *
     * @param file for messages
     * @param json the header's bytes
     * @param dataBytes how many bytes follow the header
     */
    static SafetensorsHeader parse(Path file, ByteBuffer json, long dataBytes) {
        return new Parser(file).parse(json).checked(file, dataBytes);
    }

    /** The bytes of the tensors follow one another without hole, overlap or rest. */
    private SafetensorsHeader checked(Path file, long dataBytes) {
        long expected = 0;
        String previous = null;
        for (Entry entry : entries) {
            long bytes = byteSize(file, entry);
            if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
                throw error(file, "tensor " + quote(entry.name) + " has the data offsets " + entry.begin + " to " + entry.end + ", but "
                        + entry.dtype + Arrays.toString(entry.shape) + " takes " + bytes + " bytes");
            }
            if (entry.begin < expected) {
                throw error(file,
                        "tensor " + quote(entry.name) + " begins at byte " + entry.begin + " of the data, inside tensor " + quote(previous)
                                + ", which ends at " + expected);
            }
            if (entry.begin > expected) {
                throw error(file, "bytes " + expected + " to " + entry.begin + " of the data, before tensor " + quote(entry.name)
                        + ", belong to no tensor");
            }
            expected = entry.end;
            previous = entry.name;
        }
        if (expected > dataBytes) {
            throw error(file,
                    "is cut off: its tensors take " + expected + " bytes of data, " + dataBytes + " are there; download it again");
        }
        if (expected < dataBytes) {
            throw error(file, (dataBytes - expected) + " bytes after the last tensor belong to no tensor");
        }
        return this;
    }

    private static long byteSize(Path file, Entry entry) {
        try {
            long bits = entry.dtype.bits();
            for (long size : entry.shape) {
                bits = Math.multiplyExact(bits, size);
            }
            if (bits % 8 != 0) {
                throw error(file,
                        "tensor " + quote(entry.name) + " of " + entry.dtype + Arrays.toString(entry.shape) + " does not fill whole bytes");
            }
            return bits / 8;
        } catch (ArithmeticException e) {
            throw error(file, "tensor " + quote(entry.name) + " has the impossible shape " + Arrays.toString(entry.shape));
        }
    }

    static CraneException error(Path file, String what) {
        return new CraneException(file + ": " + what);
    }

    /** Reads the JSON token by token: a hostile header of a hundred megabytes then costs no more memory than its tensors. */
    private static final class Parser {
        private final Path file;
        private Map<String, String> metadata;
        private final List<Entry> entries = new ArrayList<>();

        Parser(Path file) {
            this.file = file;
        }

        SafetensorsHeader parse(ByteBuffer json) {
            String text;
            try {
                text = StandardCharsets.UTF_8.newDecoder().decode(json).toString();
            } catch (CharacterCodingException e) {
                throw error(file, "the header is not valid UTF-8; it is no safetensors file");
            }
            if (!text.startsWith("{")) {
                throw error(file, "the header does not begin with '{'; it is no safetensors file");
            }
            try (JsonParser p = JSON.createParser(ObjectReadContext.empty(), text)) {
                p.nextToken();
                for (String name = p.nextName(); name != null; name = p.nextName()) {
                    if (p.nextToken() != JsonToken.START_OBJECT) {
                        throw error(file, quote(name) + " is not an object in the header");
                    }
                    if (name.equals("__metadata__")) {
                        metadata = strings(p);
                    } else {
                        entries.add(entry(p, name));
                    }
                }
                if (p.nextToken() != null) {
                    throw error(file, "something follows the JSON object in the header");
                }
            } catch (JacksonException e) {
                throw new CraneException(file + ": the header is not valid: " + FileErrors.oneLine(e.getOriginalMessage()), e);
            }
            entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
            return new SafetensorsHeader(metadata == null ? Map.of() : Collections.unmodifiableMap(metadata), List.copyOf(entries));
        }

        private Map<String, String> strings(JsonParser p) {
            Map<String, String> strings = new LinkedHashMap<>();
            for (String key = p.nextName(); key != null; key = p.nextName()) {
                if (p.nextToken() != JsonToken.VALUE_STRING) {
                    throw error(file, "__metadata__ " + quote(key) + " is not a string");
                }
                strings.put(key, p.getString());
            }
            return strings;
        }

        private Entry entry(JsonParser p, String name) {
            DType dtype = null;
            long[] shape = null;
            long[] offsets = null;
            for (String key = p.nextName(); key != null; key = p.nextName()) {
                p.nextToken();
                switch (key) {
                    case "dtype" -> dtype = dtype(p, name);
                    case "shape" -> shape = sizes(p, name, key);
                    case "data_offsets" -> offsets = sizes(p, name, key);
                    default -> p.skipChildren();
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
                throw error(file, "tensor " + quote(name) + " must have dtype, shape and two data_offsets");
            }
            return new Entry(name, dtype, shape, offsets[0], offsets[1]);
        }

        private DType dtype(JsonParser p, String name) {
            String text = p.currentToken() == JsonToken.VALUE_STRING ? p.getString() : "";
            return Arrays.stream(DType.values()).filter(d -> d.name().equals(text)).findFirst()
                    .orElseThrow(() -> error(file, "tensor " + quote(name) + " has the unknown dtype " + quote(text)));
        }

        private long[] sizes(JsonParser p, String name, String key) {
            if (p.currentToken() != JsonToken.START_ARRAY) {
                throw error(file, "tensor " + quote(name) + ": " + key + " is not a list");
            }
            long[] sizes = new long[4];
            int n = 0;
            while (p.nextToken() != JsonToken.END_ARRAY) {
                // A number too large for a long makes the parser throw.
                if (p.currentToken() != JsonToken.VALUE_NUMBER_INT || p.getLongValue() < 0) {
                    throw error(file, "tensor " + quote(name) + ": " + key + " holds something other than whole numbers from 0");
                }
                if (n == sizes.length) {
                    sizes = Arrays.copyOf(sizes, 2 * n);
                }
                sizes[n++] = p.getLongValue();
            }
            return Arrays.copyOf(sizes, n);
        }
    }
}
