package dev.crane.analysis.statistics;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.tensor.DType;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * Writes {@link SampleScores} while the samples come in. They are appended to a journal beside the file, {@code NAME.part}, one record
 * each (line, target, scores of all units), which survives a kill at any moment but for a torn last record; {@link #finish} turns it
 * into the file, hook point by hook point, and removes it. Until then there is no file; meanwhile both are on the disk.
 *
 * <p>Not safe for use by several threads at once; another process that tries to write the same file is refused.
 */
public final class SampleScoresWriter implements AutoCloseable {
    private final Path file;
    private final Path part;
    private final String language;
    private final UnitLayout layout;
    private final FileChannel channel;
    private final ByteBuffer record;
    private final long begin;
    private int samples;

    private SampleScoresWriter(Path file, Path part, String language, UnitLayout layout, FileChannel channel, byte[] head)
            throws IOException {
        this.file = file;
        this.part = part;
        this.language = language;
        this.layout = layout;
        this.channel = channel;
        record = ByteBuffer.allocate(Math.addExact(12, Math.multiplyExact(4, layout.units()))).order(ByteOrder.LITTLE_ENDIAN);
        begin = head.length;
        if (!headIs(head)) {
            channel.truncate(0);
            writeFully(ByteBuffer.wrap(head), 0);
        }
        samples = Math.toIntExact((channel.size() - begin) / record.capacity());
    }

    /**
     * Begins a file, or goes on with what an interrupted writer left of it if that was of the same language, units and run.
     *
     * @param file where the scores will be
     * @param language the language's short name
     * @param layout the units
     * @param run what makes the scores what they are, by {@link ProvenanceKey}; a journal of another run is begun anew
     * @throws CraneException if the folder cannot be written, or another process is writing the same file
     */
    public static SampleScoresWriter open(Path file, String language, UnitLayout layout, Map<String, String> run) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        FileChannel channel = null;
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!locked(channel))
                throw new CraneException("another process is writing " + file + ": let it finish, or choose another folder");
            String head = SampleScores.FORMAT + "\n" + language + "\n" + layout + "\n" + new TreeMap<>(run) + "\n";
            return new SampleScoresWriter(file, part, language, layout, channel, head.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            closeQuietly(channel);
            throw FileErrors.cannotWrite(part, e);
        } catch (RuntimeException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            // Released with the channel.
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private boolean headIs(byte[] head) throws IOException {
        ByteBuffer there = ByteBuffer.allocate(head.length);
        while (there.hasRemaining())
            if (channel.read(there, there.position()) < 0)
                return false;
        return Arrays.equals(head, there.array());
    }

    /** How many samples are in the journal. */
    public int samples() {
        return samples;
    }

    /**
     * Forgets the samples after the first {@code count}: those that a run which goes on from earlier will compute again.
     *
     * @throws IllegalArgumentException if there are fewer
     */
    public void keep(int count) {
        if (count < 0 || count > samples)
            throw new IllegalArgumentException(count + " of " + samples + " samples");
        try {
            channel.truncate(begin + (long) count * record.capacity());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(part, e);
        }
        samples = count;
    }

    /**
     * Adds one sample.
     *
     * @param line its line in the corpus, from 0
     * @param target the value of what was explained
     * @param scores one value per unit for every hook point of the layout; others are ignored
     */
    public void add(long line, float target, Map<HookPoint, float[]> scores) {
        record.clear().putLong(line).putFloat(target);
        layout.widths().forEach((point, width) -> {
            float[] here = scores.get(point);
            if (here == null || here.length != width)
                throw new IllegalArgumentException("no scores of the " + width + " units of " + point);
            record.asFloatBuffer().put(here);
            record.position(record.position() + 4 * width);
        });
        try {
            writeFully(record.flip(), begin + (long) samples * record.capacity());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(part, e);
        }
        samples++;
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining())
            at += channel.write(bytes, at);
    }

    /** Makes what was added safe from a crash of the machine too. */
    public void force() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(part, e);
        }
    }

    /**
     * Writes the file, whole or not at all, and removes the journal; this is closed then.
     *
     * @param provenance where the numbers come from, by {@link ProvenanceKey}; n is put in
     */
    public void finish(Map<String, String> provenance) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment journal = channel.map(FileChannel.MapMode.READ_ONLY, begin, (long) samples * record.capacity(), arena);
            Map<String, String> complete = new TreeMap<>(provenance);
            complete.put(ProvenanceKey.SAMPLES, Integer.toString(samples));
            SafetensorsWriter writer = new SafetensorsWriter().metadata(StatisticsFile.FORMAT_KEY, SampleScores.FORMAT)
                    .metadata(StatisticsFile.LANGUAGE_KEY, language).metadata(complete);
            addColumns(writer, SampleScores.LINE, DType.I64, new long[]{samples}, journal, 0, 8);
            addColumns(writer, SampleScores.TARGET, DType.F32, new long[]{samples}, journal, 8, 4);
            layout.widths().forEach((point, width) -> addColumns(writer, point.path(), DType.F32, new long[]{samples, width}, journal,
                    12 + 4L * layout.start(point), 4L * width));
            writer.write(file);
            channel.close();
            Files.deleteIfExists(part);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    /** A tensor whose rows are the same bytes of each record. */
    private void addColumns(SafetensorsWriter writer, String name, DType dtype, long[] shape, MemorySegment journal, long offset,
            long bytes) {
        writer.add(name, dtype, shape, out -> {
            // Rows of a few bytes are gathered, so that each write is worth its call.
            int atOnce = (int) Math.max(1, (1 << 18) / Math.max(bytes, 1));
            MemorySegment gathered = MemorySegment.ofArray(new byte[Math.toIntExact(Math.min(atOnce, Math.max(samples, 1)) * bytes)]);
            for (int from = 0; from < samples; from += atOnce) {
                int rows = Math.min(atOnce, samples - from);
                for (int row = 0; row < rows; row++)
                    MemorySegment.copy(journal, (from + row) * (long) record.capacity() + offset, gathered, row * bytes, bytes);
                SafetensorsWriter.copy(gathered.asSlice(0, rows * bytes), out);
            }
        });
    }

    /** Leaves the journal for a later run to go on with. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileErrors.cannotWrite(part, e);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null)
                channel.close();
        } catch (IOException e) {
            // The first error is the one that counts.
        }
    }
}
