package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** A folder that one run at a time writes to. The lock is the operating system's: it ends with the process, however that ends. */
public final class OutputFolder implements AutoCloseable {
    private static final String LOCK = ".lock";

    private final Path path;
    private final FileChannel channel;

    private OutputFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes a folder, made if it is not there.
     *
     * @throws CraneException it cannot be written, or another run writes to it at this moment
     */
    public static OutputFolder take(Path folder) {
        FileChannel channel = null;
        try {
            Path path = Files.createDirectories(folder.toAbsolutePath().normalize());
            channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock != null)
                return new OutputFolder(path, channel);
            channel.close();
            throw taken(folder);
        } catch (OverlappingFileLockException e) {
            close(channel);
            throw taken(folder);
        } catch (IOException e) {
            close(channel);
            throw FileErrors.cannotWrite(folder, e);
        }
    }

    private static CraneException taken(Path folder) {
        return new CraneException(folder + ": another run is writing to this folder; wait for it, or give another --out");
    }

    private static void close(FileChannel channel) {
        try {
            if (channel != null)
                channel.close();
        } catch (IOException e) {
            // Nothing was written through it.
        }
    }

    /** The folder, absolute. */
    public Path path() {
        return path;
    }

    /** Whether it holds anything but the lock. */
    public boolean isUsed() {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.anyMatch(entry -> !entry.getFileName().toString().equals(LOCK));
        } catch (IOException e) {
            throw FileErrors.cannotRead(path, e);
        }
    }

    /** Where what is not finished is kept; exists only while something is. */
    public Path work() {
        return path.resolve("work");
    }

    /** Removes {@link #work} if nothing is left in it but empty folders. */
    public void tidy() {
        if (!Files.isDirectory(work()))
            return;
        try (Stream<Path> below = Files.walk(work())) {
            for (Path folder : below.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList())
                Files.delete(folder); // those within come first; one that is not empty stays, and with it those around it
        } catch (IOException e) {
            // What is still in it belongs to an earlier form of the experiment; it does no harm.
        }
    }

    /** Lets go of the folder. */
    @Override
    public void close() {
        close(channel);
    }
}
