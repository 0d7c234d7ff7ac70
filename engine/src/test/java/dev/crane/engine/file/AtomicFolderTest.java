package dev.crane.engine.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class AtomicFolderTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void appearsWhole() throws IOException {
        Path out = folder.resolve("out");
        try (AtomicFolder atomic = AtomicFolder.create(out)) {
            AtomicFile.writeString(atomic.path().resolve("deep/file"), "text");
            assertTrue(Files.notExists(out));
            atomic.commit();
        }
        assertEquals("text", Files.readString(out.resolve("deep/file")));
        assertEquals(List.of("out"), names());
    }

    @Test
    void leavesNothingWithoutCommit() throws IOException {
        try (AtomicFolder atomic = AtomicFolder.create(folder.resolve("out"))) {
            AtomicFile.writeString(atomic.path().resolve("deep/file"), "text");
        }
        assertEquals(List.of(), names());
    }

    @Test
    void sweepsWhatAKilledProcessLeft() throws IOException {
        Path left = Files.createDirectory(folder.resolve(".out.999999999999-1.tmp")); // no process has such a number
        Files.writeString(left.resolve("file"), "half");
        Path another = Files.createDirectory(folder.resolve(".outer.999999999999-1.tmp"));
        try (AtomicFolder atomic = AtomicFolder.create(folder.resolve("out"))) {
            atomic.commit();
        }
        assertEquals(List.of(another.getFileName().toString(), "out"), names());
    }

    @Test
    void refusesWhatIsThere() throws IOException {
        Path out = Files.createDirectory(folder.resolve("out"));
        Path mine = Files.writeString(out.resolve("mine"), "mine");
        assertEquals("cannot write " + out + ": there is something in it already; give the name of a new folder",
                assertThrows(CraneException.class, () -> AtomicFolder.create(out)).getMessage());
        assertEquals("cannot write " + mine + ": it is there already and is no folder",
                assertThrows(CraneException.class, () -> AtomicFolder.create(mine)).getMessage());
        assertEquals("mine", Files.readString(mine));
    }
}
