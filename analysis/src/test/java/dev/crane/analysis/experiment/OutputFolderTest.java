package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class OutputFolderTest {
    @TempDir
    Path folder;

    @Test
    void oneRunAtATime() {
        Path out = folder.resolve("new/out");
        try (OutputFolder first = OutputFolder.take(out)) {
            assertFalse(first.isUsed());
            String message = assertThrows(CraneException.class, () -> OutputFolder.take(out)).getMessage();
            assertTrue(message.contains("another run is writing to this folder"), message);
        }
        OutputFolder.take(out).close();
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "text");
        String message = assertThrows(CraneException.class, () -> OutputFolder.take(file)).getMessage();
        assertTrue(message.startsWith("cannot write " + file), message);
    }
}
