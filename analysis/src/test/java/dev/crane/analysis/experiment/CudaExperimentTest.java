package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.engine.Backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** A whole experiment on the real demo model through the CUDA backend, on a GPU or the software device that stands in for one, beside the CPU's. */
@Tag("soft-device")
class CudaExperimentTest {
    /** The table gives six digits and more; a perplexity is the exponential of a mean over some hundred tokens, each within 1e-5. */
    private static final double TABLE = 1e-4;

    @TempDir
    Path folder;

    @BeforeAll
    static void device() {
        Backends.cudaObstacle().ifPresent(obstacle -> abort(obstacle));
    }

    private Path run(String backend) throws IOException {
        Path out = folder.resolve(backend);
        String yaml = SmallExperiment.yaml().replace("backend: cpu", "backend: " + backend).replace("samples: 6, max-tokens: 64",
                "samples: 4, max-tokens: 48");
        Path own = Files.createDirectories(folder.resolve("yaml-" + backend));
        Experiment.run(SmallExperiment.file(own, yaml), out, SmallExperiment.options(2, 1024),
                SmallExperiment.recording(new ArrayList<>()));
        return out;
    }

    @Test
    void selectsWhatTheCpuSelects() throws IOException {
        Path cpu = run("cpu");
        Path cuda = run("cuda");
        for (String method : List.of("crane", "crane-kurtosis"))
            for (String language : List.of("en", "zh")) {
                String mask = "masks/" + method + "/" + language + ".mask.json";
                assertEquals(MaskFile.read(cpu.resolve(mask)).mask(), MaskFile.read(cuda.resolve(mask)).mask(), mask);
            }
        for (String language : List.of("en", "zh")) {
            LedgerFile kept = LedgerFile.read(LedgerFile.in(cuda, language));
            assertTrue(kept.error() < 1e-6, "rounding of f32: " + kept);
            assertEquals(LedgerFile.read(LedgerFile.in(cpu, language)).arrived(), kept.arrived(), TABLE * Math.abs(kept.target()));
        }
        List<String> expected = Files.readAllLines(cpu.resolve("matrix.csv"));
        List<String> actual = Files.readAllLines(cuda.resolve("matrix.csv"));
        assertEquals(expected.size(), actual.size());
        for (int i = 1; i < expected.size(); i++) {
            String[] a = expected.get(i).split(",");
            String[] b = actual.get(i).split(",");
            assertTrue(Math.abs(Double.parseDouble(a[7]) / Double.parseDouble(b[7]) - 1) < TABLE || a[7].equals(b[7]),
                    expected.get(i) + " / " + actual.get(i));
        }
    }
}
