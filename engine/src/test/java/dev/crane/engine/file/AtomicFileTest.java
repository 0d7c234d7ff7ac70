package dev.crane.engine.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void appearsWholeAndReplaces() throws IOException {
        Path file = folder.resolve("deep/er/result.json");
        AtomicFile.writeString(file, "one");
        AtomicFile.writeString(file, "zwölf");
        assertEquals("zwölf", Files.readString(file));
        assertEquals(List.of("result.json"), names(file.getParent()));
    }

    @Test
    void isNotSeenBeforeCommit() throws IOException {
        Path file = folder.resolve("a.bin");
        Files.writeString(file, "old");
        try (AtomicFile atomic = AtomicFile.create(file)) {
            atomic.channel().write(ByteBuffer.wrap(new byte[]{1, 2, 3}));
            assertEquals("old", Files.readString(file));
            atomic.commit();
        }
        assertEquals(3, Files.size(file));
    }

    @Test
    void leavesNothingWhenTheDiskIsFull() throws IOException {
        Path file = folder.resolve("a.bin");
        Files.writeString(file, "old");
        CraneException e = assertThrows(CraneException.class, () -> AtomicFile.write(file, out -> {
            out.write(new byte[1 << 20]);
            throw new IOException("No space left on device");
        }));
        assertEquals("cannot write " + file + ": No space left on device", e.getMessage());
        assertEquals(List.of("a.bin"), names(folder));
        assertEquals("old", Files.readString(file));
    }

    @Test
    void leavesNothingWhenItsWriterFails() throws IOException {
        assertThrows(IllegalStateException.class, () -> AtomicFile.write(folder.resolve("a"), out -> {
            out.write(1);
            throw new IllegalStateException();
        }));
        assertEquals(List.of(), names(folder));
    }

    @Test
    void saysWhyAFolderCannotBeWritten() throws IOException {
        Path plain = Files.writeString(folder.resolve("plain"), "");
        CraneException e = assertThrows(CraneException.class, () -> AtomicFile.writeString(plain.resolve("out/a.json"), "x"));
        assertTrue(e.getMessage().startsWith("cannot write " + plain.resolve("out/a.json") + ": "), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
        Path taken = Files.createDirectory(folder.resolve("taken"));
        assertEquals("cannot write " + taken + ": it is a folder",
                assertThrows(CraneException.class, () -> AtomicFile.writeString(taken, "x")).getMessage());
    }

    @Test
    void sweepsWhatAKilledProcessLeft() throws IOException, InterruptedException {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Files.writeString(folder.resolve(".a.json." + dead.pid() + "-1.tmp"), "half");
        Path alive = Files.writeString(folder.resolve(".a.json." + ProcessHandle.current().pid() + "-999999.tmp"), "half");
        Path other = Files.writeString(folder.resolve(".b.json." + dead.pid() + "-1.tmp"), "half");
        AtomicFile.writeString(folder.resolve("a.json"), "whole");
        assertEquals(List.of(alive.getFileName().toString(), other.getFileName().toString(), "a.json"), names(folder));
    }

    @Test
    void quotesHostileNamesOnOneLine() {
        assertEquals("'a b c'", FileErrors.quote("a\nb\u001bc"));
        assertEquals(123, FileErrors.quote("x".repeat(1_000_000)).length());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
