package dev.crane.engine.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that appears under its name only when it is complete: written to a hidden temporary file in the same folder, synced, renamed, and the
 * folder synced. A failure, an exception or a kill at any moment leaves the file that was there before, or none. What a killed process left behind is
 * swept by the next write to the same name.
 *
 * <pre>{@code
 * AtomicFile.write(path, out -> json.writeTo(out));
 * }</pre>
 */
public final class AtomicFile implements AutoCloseable {
    private static final AtomicLong SERIAL = new AtomicLong();

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean committed;

    private AtomicFile(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /** What fills a file. */
    @FunctionalInterface
    public interface Content {
        /** Writes the whole content; need not close or flush {@code out}. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Begins a file; nothing is seen under its name until {@link #commit}. Folders on the way to it are created.
     *
     * @throws CraneException (from {@link FileErrors#cannotWrite}) if the folder cannot be written
     */
    public static AtomicFile create(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        Path name = file.getFileName();
        if (folder == null || name == null) {
            throw FileErrors.cannotWrite(file, new IOException("not the name of a file"));
        }
        try {
            Files.createDirectories(folder);
            if (Files.isDirectory(file)) {
                throw new IOException("it is a folder");
            }
            sweep(folder, name.toString());
            Path temporary = folder.resolve("." + name + "." + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + ".tmp");
            FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING);
            return new AtomicFile(file, temporary, channel);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    /**
     * Writes a whole file.
     *
     * @throws CraneException if it cannot be written; then nothing has changed under its name
     */
    public static void write(Path file, Content content) {
        try (AtomicFile atomic = create(file)) {
            try (OutputStream out = new BufferedOutputStream(new Unclosed(Channels.newOutputStream(atomic.channel)), 1 << 16)) {
                content.writeTo(out);
            } catch (IOException e) {
                throw FileErrors.cannotWrite(file, e);
            }
            atomic.commit();
        }
    }

    /** Writes a whole file of UTF-8 text. */
    public static void writeString(Path file, CharSequence text) {
        write(file, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Where the content goes. */
    public FileChannel channel() {
        return channel;
    }

    /** Syncs the content and gives it its name. */
    public void commit() {
        try {
            channel.force(true);
            channel.close();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            committed = true;
            syncFolder(temporary.getParent());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(target, e);
        }
    }

    /** Removes what was written unless it was committed. */
    @Override
    public void close() {
        if (committed) {
            return;
        }
        try {
            channel.close();
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(target, e);
        }
    }

    /** Removes temporary files for the same name whose process is gone. */
    private static void sweep(Path folder, String name) throws IOException {
        Pattern pattern = Pattern.compile(Pattern.quote("." + name + ".") + "([0-9]{1,18})-[0-9]+\\.tmp");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder,
                entry -> entry.getFileName().toString().startsWith("." + name))) {
            for (Path entry : entries) {
                Matcher m = pattern.matcher(entry.getFileName().toString());
                if (m.matches() && ProcessHandle.of(Long.parseLong(m.group(1))).isEmpty()) {
                    Files.deleteIfExists(entry);
                }
            }
        }
    }

    /** Makes the rename itself durable. Only where folders can be opened, which Windows refuses. */
    static void syncFolder(Path folder) throws IOException {
        if (System.getProperty("os.name", "").startsWith("Windows")) {
            return;
        }
        try (FileChannel handle = FileChannel.open(folder, StandardOpenOption.READ)) {
            handle.force(true);
        }
    }

    /** Keeps the channel open for the sync when the stream over it is closed. */
    private static final class Unclosed extends OutputStream {
        private final OutputStream out;

        Unclosed(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
        }

        @Override
        public void write(byte[] b, int offset, int length) throws IOException {
            out.write(b, offset, length);
        }
    }
}
