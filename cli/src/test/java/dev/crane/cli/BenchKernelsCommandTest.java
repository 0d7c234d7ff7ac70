package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class BenchKernelsCommandTest {
    private static final String SHAPE = "hidden=24,intermediate=40,heads=4,kv-heads=2,head-dim=6,vocabulary=50";

    @TempDir
    private Path folder;

    private static Object[] kernels(Object... more) {
        Object[] start = {"bench", "kernels", "--shape", SHAPE, "--batch", "2x5", "--repeat", 3, "--warm-up", 0, "--backend", "cpu"};
        Object[] all = java.util.Arrays.copyOf(start, start.length + more.length);
        System.arraycopy(more, 0, all, start.length, more.length);
        return all;
    }

    @Test
    void figuresBelongTogetherAndAreCompared() throws IOException {
        String printed = CommandRun.output(kernels("--kernel", "rms_norm,attention_backward_key", "--json"));
        JsonNode report = JsonMapper.shared().readTree(printed);
        assertEquals("crane/bench-kernels@1", report.get("format").asString());
        List<String> ops = report.get("cases").valueStream().map(c -> c.get("op").asString()).distinct().toList();
        assertEquals(List.of("rmsNorm", "rmsNormBackward", "attentionBackward"), ops);
        for (JsonNode c : report.get("cases")) {
            double median = c.get("median_us").asDouble();
            assertTrue(c.get("min_us").asDouble() <= median && c.get("q1_us").asDouble() <= median && median <= c.get("q3_us").asDouble());
            assertEquals(c.get("bytes").asLong() / median / 1e3, c.get("gigabytes_per_s").asDouble(), 1e-6);
            double least = 1e6 * Math.max(c.get("bytes").asLong() / report.get("memory_bytes_per_s").asDouble(),
                    c.get("flop").asLong() / report.get("matrix_flops").asDouble());
            assertEquals(least / median, c.get("roofline_share").asDouble(), 1e-9);
        }
        // Ten rows of 24 in, out and changed, 1/σ and the weight: 4 · (240 + 240 + 10 + 24)
        assertEquals(2056, report.get("cases").get(0).get("bytes").asLong());

        // A build that took a thousandth of the time, and one that took a thousand times of it.
        Path fast = Files.writeString(folder.resolve("fast.json"), printed.replaceAll("(_us\" : )([0-9.E-]+)", "$11.0E-6"));
        Path slow = Files.writeString(folder.resolve("slow.json"), printed.replaceAll("(_us\" : )([0-9.E-]+)", "$11.0E9"));
        assertTrue(CommandRun.output(kernels("-k", "rms_norm", "--against", fast)).contains("  slower"));
        List<String> lines = CommandRun.lines(kernels("-k", "rms_norm,embed", "--against", slow));
        assertTrue(lines.get(2).matches("op +variant +error +median µs +± % +GB/s +GFLOP/s +roofline +then µs +ratio"), lines.toString());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("rmsNorm ") && line.endsWith("0.00  faster")), lines.toString());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("embed ") && line.endsWith("  new")), lines.toString());
    }

    @Test
    void overlapIsNoise() {
        assertEquals("within noise", KernelReport.Verdict.of(times(10, 12), times(11, 13)).toString());
        assertEquals("faster", KernelReport.Verdict.of(times(8, 10), times(11, 13)).toString());
        assertEquals("slower", KernelReport.Verdict.of(times(14, 15), times(11, 13)).toString());
    }

    private static KernelReport.Case times(double q1, double q3) {
        return new KernelReport.Case("add", "", List.of(), 0, 1, 1, 1, 5, q1, q1, (q1 + q3) / 2, q3, 1, 1, 1);
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        assertTrue(CommandRun.failure(kernels("--kernel", "soup")).contains("no op or kernel 'soup'; the ops are activation, "));
        assertTrue(CommandRun.failure("bench", "kernels", "--shape", "huge").contains("unknown shape 'huge'; give one of babel-base"));
        assertTrue(CommandRun.usageError("bench", "kernels", "--batch", "8").contains("--batch SEQUENCESxTOKENS such as 8x192"));
        assertTrue(CommandRun.usageError("bench", "kernels", "--repeat", "0").contains("--repeat must be at least 1"));
        Path other = Files.writeString(folder.resolve("other.json"), "{\"format\": \"crane/bench@1\"}");
        assertTrue(
                CommandRun.failure(kernels("-k", "add", "--against", other)).contains("is not the output of 'crane bench kernels --json'"));
        Path shape = Files.writeString(folder.resolve("shape.json"), CommandRun.output(kernels("-k", "fill", "--json")));
        assertTrue(CommandRun.failure("bench", "kernels", "-k", "fill", "--backend", "cpu", "--against", shape)
                .contains("; measure the same"));
        assertTrue(CommandRun.usageError("bench").contains("missing required option: '--model=DIR'"));
    }
}
