package dev.crane.models.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.tensor.StoredTensor;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * A safetensors file of any size, mapped read-only. Everything its header says is checked when it is opened: a file that opens has tensors that lie
 * within it, end to end, each of the size that its type and shape ask for. What the values are is not looked at.
 *
 * <p>
 * Tensors may be read by several threads at once; none may be used after {@link #close}. The file must not be shortened meanwhile: the operating
 * system answers a read beyond the new end with an error that cannot be caught reliably.
 */
public final class SafetensorsReader implements AutoCloseable {
    /** The reference implementation's limit on the header. */
    private static final long LONGEST_HEADER = 100_000_000;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final byte[] LFS_POINTER = "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

    private final Path file;
    private final Arena arena;
    private final MemorySegment whole;
    private final MemorySegment header;
    private final MemorySegment data;
    private final Map<String, String> metadata;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private SafetensorsReader(Path file, Arena arena, MemorySegment whole) {
        this.file = file;
        this.arena = arena;
        this.whole = whole;
        this.header = header(file, whole);
        this.data = whole.asSlice(8 + header.byteSize());
        SafetensorsHeader parsed = SafetensorsHeader.parse(file, header.asByteBuffer(), data.byteSize());
        this.metadata = parsed.metadata();
        for (SafetensorsHeader.Entry e : parsed.entries()) {
            tensors.put(e.name(), new StoredTensor(e.name(), e.dtype(), e.shape(), data.asSlice(e.begin(), e.end() - e.begin())));
        }
    }

    /**
     * Maps a file and checks its header.
     *
     * @throws CraneException if it cannot be read or is not a valid safetensors file; the message names the file and the tensor
     */
    public static SafetensorsReader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new CraneException(file + ": is a folder, not a safetensors file");
        }
        @SuppressWarnings("MustBeClosedChecker") // closed by close(), or below if the file is refused
        // Shared, so that worker threads may read; closing it costs a handshake with all threads, once per file.
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new SafetensorsReader(file, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            arena.close();
            throw FileErrors.cannotRead(file, e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment header(Path file, MemorySegment whole) {
        if (startsWith(whole, LFS_POINTER)) {
            throw SafetensorsHeader.error(file, "is a Git LFS pointer, not the tensors themselves; fetch them with 'git lfs pull'");
        }
        if (whole.byteSize() < 8) {
            throw SafetensorsHeader.error(file,
                    "is cut off: " + whole.byteSize() + " bytes, a safetensors file has at least 8; download it again");
        }
        long length = whole.get(LENGTH, 0);
        if (length < 0 || length > LONGEST_HEADER) {
            throw SafetensorsHeader.error(file,
                    "claims a header of " + Long.toUnsignedString(length) + " bytes, more than the " + LONGEST_HEADER
                            + " allowed; it is no safetensors file or damaged");
        }
        if (length > whole.byteSize() - 8) {
            throw SafetensorsHeader.error(file,
                    "is cut off: its header takes " + length + " bytes, " + (whole.byteSize() - 8) + " are there; download it again");
        }
        return whole.asSlice(8, length);
    }

    private static boolean startsWith(MemorySegment whole, byte[] prefix) {
        return whole.byteSize() >= prefix.length && whole.asSlice(0, prefix.length).mismatch(MemorySegment.ofArray(prefix)) == -1;
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** The tensors' names, in the order of their bytes. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Whether there is a tensor of this name. */
    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /**
     * A tensor, as it is stored.
     *
     * @throws CraneException if there is none of this name
     */
    public StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw SafetensorsHeader.error(file, "there is no tensor " + quote(name));
        }
        return tensor;
    }

    /** The strings under {@code __metadata__}; empty if there are none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** See {@link StoredTensor#floats}. */
    public float[] floats(String name) {
        return tensor(name).floats();
    }

    /** See {@link StoredTensor#doubles}. */
    public double[] doubles(String name) {
        return tensor(name).doubles();
    }

    /** See {@link StoredTensor#longs}. */
    public long[] longs(String name) {
        return tensor(name).longs();
    }

    /**
     * Writes a copy of the file, the same to the byte but for some tensors' values: whole or not at all.
     *
     * @param changes by the tensor's name what changes a copy of its bytes
     * @param written called after each tensor with the number of bytes written so far
     * @throws CraneException if it cannot be written; then nothing has changed under its name
     */
    public void copy(Path to, Map<String, Consumer<MemorySegment>> changes, LongConsumer written) {
        try (AtomicFile atomic = AtomicFile.create(to)) {
            try {
                FileChannel out = atomic.channel();
                SafetensorsWriter.copy(whole.asSlice(0, whole.byteSize() - data.byteSize()), out);
                for (StoredTensor tensor : tensors.values()) {
                    Consumer<MemorySegment> change = changes.get(tensor.name());
                    if (change == null) {
                        SafetensorsWriter.copy(tensor.data(), out);
                    } else {
                        try (Arena confined = Arena.ofConfined()) {
                            MemorySegment bytes = confined.allocate(tensor.data().byteSize(), Long.BYTES).copyFrom(tensor.data());
                            change.accept(bytes);
                            SafetensorsWriter.copy(bytes, out);
                        }
                    }
                    written.accept(out.position());
                }
            } catch (IOException e) {
                throw FileErrors.cannotWrite(to, e);
            }
            atomic.commit();
        }
    }

    /** Bytes of the whole file. */
    public long bytes() {
        return whole.byteSize();
    }

    /** The bytes of the JSON header. */
    MemorySegment header() {
        return header;
    }

    /** All bytes after the header. */
    MemorySegment data() {
        return data;
    }

    @Override
    public void close() {
        arena.close();
    }

    @Override
    public String toString() {
        return file + " (" + tensors.size() + " tensors)";
    }
}
