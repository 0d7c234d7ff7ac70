package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ProfileOptionTest {
    @TempDir
    private Path folder;

    private Path text() throws IOException {
        return Files.writeString(folder.resolve("text.txt"), "A cat sat on the mat.\n");
    }

    @Test
    void resultsStayAsTheyAre() throws IOException {
        Path text = text();
        Object[] plain = {"score", "-q", "-m", CommandRun.MODEL, text};
        Object[] profiled = {"score", "-q", "-m", CommandRun.MODEL, "--profile", text}; // the file is the command's
        CommandRun run = CommandRun.of(profiled);
        assertEquals(ExitStatus.OK, run.status(), run.err());
        assertEquals(CommandRun.output(plain), run.out());
        List<String> lines = run.err().lines().toList();
        assertTrue(lines.getFirst().matches("profile of CPU, .*; measured: matrix products [0-9.,]+ GFLOP/s, memory [0-9.,]+ GB/s"),
                run.err());
        assertTrue(lines.get(1).matches("op +launches +ms +share +MB +GFLOP +GB/s +GFLOP/s +roofline +bound by"), run.err());
        assertTrue(lines.stream().anyMatch(line -> line.matches("linear +\\d+ .*(memory|arithmetic)")), run.err());
        assertTrue(lines.stream().anyMatch(line -> line.matches("mlp\\.gate +6 .*")), run.err());
        assertTrue(lines.getLast().startsWith("ops "), run.err());
    }

    @Test
    void filesForBrowsers() throws IOException {
        Path base = folder.resolve("pass");
        CommandRun run = CommandRun.of("bench", "-q", "-m", CommandRun.MODEL, "--tokens", 64, "--batch", 4, "--modes", "relevance",
                "--repeat", 3,
                "--warm-up", 1, "--profile=" + base);
        assertEquals(ExitStatus.OK, run.status(), run.err());
        assertEquals("written: " + base + ".html, " + base + ".trace.json", run.err().lines().toList().getLast());

        // https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: metadata events, then complete ones
        JsonNode trace = JsonMapper.shared().readTree(Files.readString(Path.of(base + ".trace.json")));
        JsonNode events = trace.get("traceEvents");
        assertEquals("M", events.get(0).get("ph").asString());
        double opMicros = 0;
        double start = 0;
        double end = 0;
        double before = 0;
        for (JsonNode event : events) {
            assertTrue(Set.of("M", "X").contains(event.get("ph").asString()));
            assertTrue(event.get("pid").isInt() && event.get("tid").isInt() && !event.get("name").asString().isEmpty());
            if (event.get("ph").asString().equals("M"))
                continue;
            double ts = event.get("ts").asDouble();
            assertTrue(ts >= before, "events overlap");
            if (event.get("name").asString().equals("embed")) { // the last pass counts: the code is compiled by then
                start = ts;
                opMicros = 0;
            }
            opMicros += event.get("dur").asDouble();
            end = ts + event.get("dur").asDouble();
            before = end - 1e-3; // decimals of microseconds, rounded
            assertTrue(event.get("args").get("bytes").asLong() > 0);
        }
        // Between ops the host only makes tensors and lists. On a busy machine it may lose its processor there.
        assertTrue(opMicros <= end - start + 1 && opMicros > 0.6 * (end - start), opMicros + " µs of " + (end - start));

        String page = Files.readString(Path.of(base + ".html"));
        assertTrue(page.startsWith("<!doctype html>") && page.endsWith("</html>\n"));
        for (String id : List.of("ops", "roofline", "timeline", "sites", "layers"))
            assertTrue(page.contains("<section id=\"" + id + "\">"), id);
        assertEquals(5, page.split("<svg ", -1).length - 1);
        assertFalse(page.contains("NaN") || page.contains("Infinity") || page.contains("http"), "numbers and links");
    }

    @Test
    void mistakesAreOneLineAndComeFirst() throws IOException {
        Path text = text();
        assertTrue(CommandRun.failure("score", "-m", CommandRun.MODEL, "--profile=" + folder.resolve("not/there"), text)
                .contains("there is no folder"));
        assertTrue(CommandRun.failure("score", "-m", CommandRun.MODEL, "--profile=" + folder, text)
                .contains("is a folder; name a file in it"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.filter(file -> !file.equals(text)).count());
        }
    }
}
