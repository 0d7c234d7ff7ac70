package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class JournalTest {
    @TempDir
    Path folder;
    private Path a;
    private Path b;

    @BeforeEach
    void files() throws IOException {
        a = Files.writeString(folder.resolve("a"), "A");
        b = Files.writeString(Files.createDirectories(folder.resolve("deep")).resolve("b"), "B");
    }

    @Test
    void finishedMeansSameInputsAndSameFiles() throws IOException {
        Journal journal = Journal.open(folder);
        journal.record("one", "inputs", List.of(a, b));
        for (Journal again : List.of(journal, Journal.open(folder))) {
            assertTrue(again.finished("one", "inputs"));
            assertFalse(again.finished("one", "others"));
            assertFalse(again.finished("two", "inputs"));
        }
        Files.writeString(b, "changed");
        assertFalse(Journal.open(folder).finished("one", "inputs"));
        Files.delete(b);
        assertFalse(Journal.open(folder).finished("one", "inputs"));
    }

    @Test
    void aLaterEntryCounts() {
        Journal.open(folder).record("one", "first", List.of(a));
        Journal.open(folder).record("one", "second", List.of(a));
        assertFalse(Journal.open(folder).finished("one", "first"));
        assertTrue(Journal.open(folder).finished("one", "second"));
    }

    /** A kill can end the file at any byte. */
    @Test
    void aTornLineIsDropped() throws IOException {
        Journal.open(folder).record("one", "inputs", List.of(a));
        long first = Files.size(folder.resolve(Journal.FILE));
        Journal.open(folder).record("two", "inputs", List.of(b));
        byte[] whole = Files.readAllBytes(folder.resolve(Journal.FILE));
        for (int length = 0; length <= whole.length; length++) {
            Files.write(folder.resolve(Journal.FILE), Arrays.copyOf(whole, length));
            Journal torn = Journal.open(folder);
            assertEquals(length >= first, torn.finished("one", "inputs"));
            assertEquals(length == whole.length, torn.finished("two", "inputs"));
            torn.record("three", "inputs", List.of(a, b));
            assertTrue(Journal.open(folder).finished("three", "inputs"));
            assertEquals(length >= first, Journal.open(folder).finished("one", "inputs"));
        }
    }

    @Test
    void whatNoLongerBelongsIsRemoved() {
        Journal journal = Journal.open(folder);
        journal.record("one", "inputs", List.of(a));
        journal.record("two", "inputs", List.of(a, b));
        journal.keepOnly(Set.of("one"));
        assertTrue(Files.exists(a), "still a file of the other");
        assertFalse(Files.exists(b));
        assertEquals(Set.of("one"), journal.artefacts());
    }
}
