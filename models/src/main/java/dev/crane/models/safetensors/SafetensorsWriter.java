package dev.crane.models.safetensors;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * Writes a safetensors file: first say what goes in, then {@link #write}. Tensors are produced while they are written, so a file may be far larger
 * than memory. Wider types come first, so that every tensor is aligned; otherwise the order is that of the calls. The same calls make the same bytes.
 *
 * <pre>{@code
 * new SafetensorsWriter().metadata("format", "crane/statistics@1").add("mean", means, layers, rows).write(path);
 * }</pre>
 */
public final class SafetensorsWriter {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int BUFFER_BYTES = 1 << 18;

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Entry> entries = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    /** What a tensor's bytes are. */
    @FunctionalInterface
    public interface Content {
        /** Writes exactly the tensor's bytes, little-endian and row-major. */
        void writeTo(WritableByteChannel out) throws IOException;
    }

    private record Entry(String name, DType dtype, long[] shape, long bytes, Content content) {}

    /** A file with nothing in it yet. */
    public SafetensorsWriter() {
    }

    /** Adds a string to {@code __metadata__}. */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** Adds strings to {@code __metadata__}, in the map's order. */
    public SafetensorsWriter metadata(Map<String, String> strings) {
        metadata.putAll(strings);
        return this;
    }

    /**
     * Adds a tensor that is produced when the file is written.
     *
     * @throws IllegalArgumentException if the name was added before, or the shape does not fill whole bytes
     */
    public SafetensorsWriter add(String name, DType dtype, long[] shape, Content content) {
        if (name.equals("__metadata__") || !names.add(name)) {
            throw new IllegalArgumentException("tensor " + name + " twice");
        }
        long bits = Arrays.stream(shape).reduce(dtype.bits(), Math::multiplyExact);
        if (bits < 0 || bits % 8 != 0) {
            throw new IllegalArgumentException("tensor " + name + " of shape " + Arrays.toString(shape));
        }
        entries.add(new Entry(name, dtype, shape.clone(), bits / 8, content));
        return this;
    }

    /** Adds a copy of a stored tensor. */
    public SafetensorsWriter add(StoredTensor tensor) {
        return add(tensor.name(), tensor.dtype(), tensor.shape(), out -> copy(tensor.data(), out));
    }

    /** Adds an F32 tensor. */
    public SafetensorsWriter add(String name, float[] values, long... shape) {
        return array(name, DType.F32, values.length, shape, (buffer, i) -> buffer.putFloat(values[i]));
    }

    /** Adds an F64 tensor. */
    public SafetensorsWriter add(String name, double[] values, long... shape) {
        return array(name, DType.F64, values.length, shape, (buffer, i) -> buffer.putDouble(values[i]));
    }

    /** Adds an I64 tensor. */
    public SafetensorsWriter add(String name, long[] values, long... shape) {
        return array(name, DType.I64, values.length, shape, (buffer, i) -> buffer.putLong(values[i]));
    }

    private interface Put {
        void put(ByteBuffer buffer, int index);
    }

    private SafetensorsWriter array(String name, DType dtype, int length, long[] shape, Put put) {
        if (Arrays.stream(shape).reduce(1, Math::multiplyExact) != length) {
            throw new IllegalArgumentException("tensor " + name + ": " + length + " values for shape " + Arrays.toString(shape));
        }
        return add(name, dtype, shape, out -> {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            int atOnce = BUFFER_BYTES / (dtype.bits() / 8);
            for (int from = 0; from < length; from += atOnce) {
                int to = Math.min(length, from + atOnce);
                for (int i = from; i < to; i++) {
                    put.put(buffer, i);
                }
                drain(buffer, out);
            }
        });
    }

    /** Writes a segment of any size: what a {@link Content} does with bytes it has. */
    public static void copy(MemorySegment bytes, WritableByteChannel out) throws IOException {
        if (!bytes.isNative()) { // an array, which need not be one of bytes
            ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, bytes.byteSize()));
            for (long from = 0; from < bytes.byteSize(); from += buffer.capacity()) {
                int length = (int) Math.min(buffer.capacity(), bytes.byteSize() - from);
                MemorySegment.copy(bytes, from, MemorySegment.ofBuffer(buffer), 0, length);
                drain(buffer.position(length), out);
            }
            return;
        }
        for (long from = 0; from < bytes.byteSize(); from += 1 << 30) {
            ByteBuffer part = bytes.asSlice(from, Math.min(1 << 30, bytes.byteSize() - from)).asByteBuffer();
            while (part.hasRemaining()) {
                out.write(part);
            }
        }
    }

    private static void drain(ByteBuffer buffer, WritableByteChannel out) throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
        buffer.clear();
    }

    /**
     * Writes the file, whole or not at all.
     *
     * @throws dev.crane.engine.CraneException if it cannot be written; then nothing has changed under its name
     */
    public void write(Path file) {
        write(file, done -> {
        });
    }

    /**
     * Writes the file, whole or not at all.
     *
     * @param written called after each tensor with the number written so far
     * @throws dev.crane.engine.CraneException if it cannot be written; then nothing has changed under its name
     */
    public void write(Path file, IntConsumer written) {
        List<Entry> ordered = entries.stream().sorted(Comparator.comparingInt((Entry e) -> e.dtype.bits()).reversed()).toList();
        try (AtomicFile atomic = AtomicFile.create(file)) {
            try {
                FileChannel out = atomic.channel();
                copy(MemorySegment.ofArray(header(ordered)), out);
                int done = 0;
                for (Entry entry : ordered) {
                    long begin = out.position();
                    entry.content.writeTo(out);
                    if (out.position() - begin != entry.bytes) {
                        throw new IllegalStateException(
                                "tensor " + entry.name + " wrote " + (out.position() - begin) + " bytes instead of " + entry.bytes);
                    }
                    written.accept(++done);
                }
            } catch (IOException e) {
                throw FileErrors.cannotWrite(file, e);
            }
            atomic.commit();
        }
    }

    /** The length and the JSON, padded with spaces so that the data begins at a multiple of 8. */
    private byte[] header(List<Entry> ordered) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart("__metadata__");
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            long offset = 0;
            for (Entry entry : ordered) {
                json.writeObjectPropertyStart(entry.name);
                json.writeStringProperty("dtype", entry.dtype.name());
                json.writeArrayPropertyStart("shape");
                for (long size : entry.shape) {
                    json.writeNumber(size);
                }
                json.writeEndArray();
                json.writeArrayPropertyStart("data_offsets");
                json.writeNumber(offset);
                offset += entry.bytes;
                json.writeNumber(offset);
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(utf8.length, 8) * 8;
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(utf8);
        Arrays.fill(header.array(), header.position(), header.capacity(), (byte) ' ');
        return header.array();
    }
}
