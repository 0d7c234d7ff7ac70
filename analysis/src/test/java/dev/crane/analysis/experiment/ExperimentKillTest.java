package dev.crane.analysis.experiment;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A run that is killed goes on where it was and ends with the bytes of an unbroken one, whatever its threads and batches. */
class ExperimentKillTest {
    @TempDir
    Path folder;

    @Test
    void killedRunsEndWithTheBytesOfAnUnbrokenOne() throws Exception {
        Path yaml = Files.writeString(folder.resolve("experiment.yaml"), SmallExperiment.yaml());
        Path killed = folder.resolve("killed");
        // In the first language's relevance, in the second's, and in the middle of the measurements.
        List<String> first = runUntil("attnlrp relevance, row-gradient en 2", yaml, killed, 1);
        assertTrue(Files.exists(killed.resolve("experiment.json")) && !Files.exists(killed.resolve("stats/en.stats.safetensors")));
        List<String> second = runUntil("attnlrp relevance, row-gradient zh 3", yaml, killed, 2);
        List<String> third = runUntil("evaluation 40", yaml, killed, 1);
        List<String> last = runUntil(null, yaml, killed, 2);

        Path unbroken = folder.resolve("unbroken");
        Experiment.run(ExperimentFile.read(yaml), unbroken, SmallExperiment.options(2, 1 << 12), Progress.SILENT);
        assertEquals(SmallExperiment.results(unbroken), SmallExperiment.results(killed));
        assertTrue(SmallExperiment.results(unbroken).containsKey("report.html"));

        // And what was done was not done again.
        assertEquals("attnlrp relevance, row-gradient en 0", first.getFirst());
        assertTrue(!second.contains("attnlrp relevance, row-gradient en 0"), second.toString());
        assertTrue(third.contains("attnlrp relevance, row-gradient en: all there 0")
                && !third.contains("attnlrp relevance, row-gradient zh 0"), third.toString());
        assertTrue(last.stream().noneMatch(line -> line.startsWith("attnlrp") && !line.endsWith(": all there 0")), last.toString());
        int done = last.stream().filter(line -> line.startsWith("evaluation ")).mapToInt(line -> Integer.parseInt(line.substring(11)))
                .min().orElseThrow();
        assertTrue(done >= 40, last.toString());
    }

    /** Runs the experiment in a process of its own and kills that, as {@code kill -9} does, as soon as it says {@code last}; null: lets it end. */
    private static List<String> runUntil(String last, Path yaml, Path out, int threads) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
                "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-cp",
                System.getProperty("java.class.path"), SmallExperiment.class.getName(), yaml.toString(), out.toString(),
                Integer.toString(threads), "130"));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
                if (last != null && reached(line, last))
                    process.toHandle().destroyForcibly(); // Process itself would close the stream too
            }
        }
        int status = process.waitFor();
        assertEquals(last == null ? 0 : 137, status, lines.toString());
        return lines;
    }

    /** Whether a step of the same stage is as far as {@code last}, or farther. */
    private static boolean reached(String line, String last) {
        String stage = last.substring(0, last.lastIndexOf(' ') + 1);
        return line.startsWith(stage)
                && Integer.parseInt(line.substring(stage.length())) >= Integer.parseInt(last.substring(stage.length()));
    }
}
