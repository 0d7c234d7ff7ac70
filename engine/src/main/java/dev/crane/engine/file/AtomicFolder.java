package dev.crane.engine.file;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;

/**
 * A new folder that appears under its name only when all of it is there: filled under a hidden temporary name beside it, and renamed. A failure or an
 * exception leaves nothing; so does a process that is stopped from outside, but for what {@code kill -9} leaves, which the next folder of the same name
 * sweeps away.
 *
 * <pre>{@code
 * try (AtomicFolder folder = AtomicFolder.create(out)) {
 *     AtomicFile.writeString(folder.path().resolve("config.json"), json);
 *     folder.commit();
 * }
 * }</pre>
 */
public final class AtomicFolder implements AutoCloseable {
    private static final AtomicLong SERIAL = new AtomicLong();

    private final Path target;
    private final Path temporary;
    private final Thread sweeper;
    private boolean committed;

    private AtomicFolder(Path target, Path temporary) {
        this.target = target;
        this.temporary = temporary;
        this.sweeper = new Thread(() -> {
            try {
                delete(temporary);
            } catch (IOException e) {
                // The writer may still be at it; what is left the next folder of this name sweeps away.
            }
        }, "atomic-folder");
        Runtime.getRuntime().addShutdownHook(sweeper);
    }

    /**
     * Begins a folder; nothing is seen under its name until {@link #commit}. Folders on the way to it are created.
     *
     * @throws CraneException if there is something under this name already, unless it is an empty folder; or the folder above cannot be written
     */
    public static AtomicFolder create(Path folder) {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        Path name = target.getFileName();
        if (parent == null || name == null) {
            throw FileErrors.cannotWrite(folder, new IOException("not the name of a new folder"));
        }
        try {
            checkFree(folder);
            Files.createDirectories(parent);
            sweep(parent, name.toString());
            Path temporary = parent.resolve("." + name + "." + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + ".tmp");
            delete(temporary);
            return new AtomicFolder(target, Files.createDirectory(temporary));
        } catch (IOException e) {
            throw FileErrors.cannotWrite(folder, e);
        }
    }

    private static void checkFree(Path folder) throws IOException {
        if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new CraneException("cannot write " + folder + ": it is there already and is no folder");
        }
        try (Stream<Path> entries = Files.list(folder)) {
            if (entries.findAny().isPresent()) {
                throw new CraneException("cannot write " + folder + ": there is something in it already; give the name of a new folder");
            }
        }
    }

    /** Where the content goes meanwhile. */
    public Path path() {
        return temporary;
    }

    /** Gives the folder its name; its files must have been synced. */
    public void commit() {
        try {
            // An empty folder of the name gives way; one that was filled meanwhile does not.
            Files.deleteIfExists(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            committed = true;
            AtomicFile.syncFolder(target.getParent());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(target, e);
        } finally {
            unhook();
        }
    }

    /** Removes what was written unless it was committed. */
    @Override
    public void close() {
        if (committed) {
            return;
        }
        unhook();
        try {
            delete(temporary);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(target, e);
        }
    }

    private void unhook() {
        try {
            Runtime.getRuntime().removeShutdownHook(sweeper);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook runs.
        }
    }

    /** Removes temporary folders for the same name whose process is gone. */
    private static void sweep(Path parent, String name) throws IOException {
        Pattern pattern = Pattern.compile(Pattern.quote("." + name + ".") + "([0-9]{1,18})-[0-9]+\\.tmp");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent,
                entry -> entry.getFileName().toString().startsWith("." + name))) {
            for (Path entry : entries) {
                Matcher m = pattern.matcher(entry.getFileName().toString());
                if (m.matches() && ProcessHandle.of(Long.parseLong(m.group(1))).isEmpty()) {
                    delete(entry);
                }
            }
        }
    }

    /** Deletes a folder and all in it, following no links; or nothing, where it is not there. */
    private static void delete(Path folder) throws IOException {
        if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
