package dev.crane.analysis.evaluate;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TaskTest {
    private static final String LINE = "{\"context\": \"a\", \"choices\": [\" b\", \" 云\"], \"answer\": 1}";

    @TempDir
    Path folder;

    @Test
    void linesAreItems() throws IOException {
        Path file = Files.writeString(folder.resolve("order.jsonl"), LINE + "\n" + LINE.replace("1}", "0}") + "\n");
        Task task = Task.read(file);
        assertEquals("order", task.name());
        assertEquals("", task.delimiter());
        assertEquals(List.of(new ChoiceItem(0, "a", List.of(" b", " 云"), 1), new ChoiceItem(1, "a", List.of(" b", " 云"), 0)), task.items());
        assertEquals(1, task.limit(1).items().size());
        assertEquals(2, task.limit(9).items().size());
    }

    @Test
    void compressedFilesAreRead() throws IOException {
        Path file = folder.resolve("order.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(LINE.getBytes(StandardCharsets.UTF_8));
        }
        assertEquals("order", Task.read(file).name());
        assertEquals(1, Task.read(file).items().size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "not json|is no JSON object",
            "[1]|is no JSON object",
            "{\"context\": \"a\", \"choices\": [\"b\"], \"answer\": 1}|lacks \"answer\", the index of the right choice, 0 … 0",
            "{\"context\": \"a\", \"choices\": [\"b\"], \"answer\": \"b\"}|lacks \"answer\"",
            "{\"context\": \"a\", \"choices\": [], \"answer\": 0}|lacks \"choices\"",
            "{\"context\": \"a\", \"choices\": [1], \"answer\": 0}|lacks \"choices\"",
            "{\"choices\": [\"b\"], \"answer\": 0}|lacks \"context\"",
            "{\"context\": \"a\", \"context\": \"a\", \"choices\": [\"b\"], \"answer\": 0}|is no JSON object",
            "``|is no JSON object",
    })
    void badLinesAreNamed(String line, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.jsonl"), LINE + "\n" + line + "\n");
        String found = assertThrows(CraneException.class, () -> Task.read(file)).getMessage();
        assertTrue(found.startsWith(file + ": line 2 " + message), found);
    }

    @Test
    void otherFilesAreRefusedInOneLine() throws IOException {
        Path yaml = Files.writeString(folder.resolve("mmlu.yaml"), "task: mmlu\n");
        assertTrue(assertThrows(CraneException.class, () -> Task.read(yaml)).getMessage().contains("is a task file"));
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");
        assertTrue(assertThrows(CraneException.class, () -> Task.read(empty)).getMessage().endsWith("the task has no items"));
        assertThrows(CraneException.class, () -> Task.read(folder.resolve("absent.jsonl")));
        Path latin = Files.write(folder.resolve("latin.jsonl"), "é".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(assertThrows(CraneException.class, () -> Task.read(latin)).getMessage().contains("not valid UTF-8"));
    }
}
