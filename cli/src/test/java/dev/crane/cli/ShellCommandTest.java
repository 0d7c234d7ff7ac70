package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ShellCommandTest {
    @TempDir
    Path folder;

    @Test
    void theShellHasTheHooksImported() throws IOException {
        Path written = folder.resolve("width.txt");
        Path input = Files.writeString(folder.resolve("input.jsh"), """
                var model = Model.open("%s", "cpu")
                Reduction.MEAN
                Files.writeString(Path.of("%s"), "" + model.width("mlp.neuron.2"))
                /exit
                """.formatted(CommandRun.MODEL, written));
        CommandRun.output("shell", input);
        assertEquals("512", Files.readString(written));
    }

    @Test
    void aMissingFileIsOneLine() {
        assertTrue(CommandRun.failure("shell", folder.resolve("none.jsh")).contains("none.jsh: there is no such file"));
    }
}
