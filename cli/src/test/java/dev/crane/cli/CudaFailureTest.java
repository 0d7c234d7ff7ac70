package dev.crane.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.Backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What can be missing for a GPU: a line each that says what and how to mend it. Processes of their own, since which libraries there are is decided once in
 * the life of one; the software device plays the machine.
 */
@Tag("soft-device")
@Timeout(120)
class CudaFailureTest {
    private static final Path TINY = Path.of("..", "models", "src", "test", "resources", "families", "llama");

    @TempDir
    Path folder;

    @BeforeAll
    static void device() {
        Backends.cudaObstacle().ifPresent(obstacle -> abort(obstacle));
        assumeTrue(System.getProperty("dev.crane.lib.cuda") != null, "only the software device can play other machines");
    }

    /** Runs a command and gives its status and standard error. */
    private record Ended(int status, String err) {}

    /**
     * @param options of the software device
     * @param properties system properties; those of this JVM otherwise
     */
    private Ended score(String options, Map<String, String> properties, String backend) throws IOException, InterruptedException {
        Path text = Files.writeString(folder.resolve("text.jsonl"), "{\"ids\": [1, 2, 3]}\n");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector"));
        for (String name : List.of("lib.cuda", "lib.cublas", "lib.cublaslt", "lib.nvrtc", "cache", "kernels")) {
            String value = properties.getOrDefault(name, System.getProperty("dev.crane." + name));
            if (value != null)
                command.add("-Ddev.crane." + name + "=" + value);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "score", "-m", TINY.toString(),
                "--backend", backend,
                text.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("CRANE_SOFT_DEVICE", options);
        Process process = builder.start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)
                .replaceAll("(?m)^WARNING: Using incubator modules.*\\R|^Picked up .*\\R", "");
        return new Ended(process.waitFor(), err.strip());
    }

    private static void assertLine(Ended ended, String... parts) {
        assertEquals(ExitStatus.FAILED, ended.status, ended.err);
        assertEquals(1, ended.err.lines().count(), ended.err);
        for (String part : parts)
            assertTrue(ended.err.contains(part), ended.err);
    }

    @Test
    void noDriver() throws Exception {
        assertLine(score("", Map.of("lib.cuda", "/nowhere/libcuda.so.1"), "cuda"), "CUDA driver", "/nowhere/libcuda.so.1",
                "correct or drop that option");
    }

    @Test
    void tooOldADriver() throws Exception {
        assertLine(score("driver=11040", Map.of(), "cuda"), "the NVIDIA driver is made for CUDA 11.4, and 12.0 or newer is needed");
    }

    @Test
    void noGpu() throws Exception {
        assertLine(score("devices=0", Map.of(), "cuda"), "the NVIDIA driver finds no GPU", "CUDA_VISIBLE_DEVICES");
    }

    @Test
    void noCublas() throws Exception {
        assertLine(score("", Map.of("lib.cublas", "/nowhere", "lib.cublaslt", "/nowhere"), "cuda"), "cuBLASLt", "/nowhere");
    }

    @Test
    void noKernelForTheChip() throws Exception {
        assertLine(score("capability=151", Map.of(), "cuda"), "does not know the chip", "sm_151", "nvidia-cuda-nvrtc");
        assertLine(score("", Map.of("lib.nvrtc", "/nowhere"), "cuda"), "NVRTC", "/nowhere", "kernels");
    }

    @Test
    void outOfMemory() throws Exception {
        assertLine(score("memory=34000000", Map.of(), "cuda"), "too little memory", "--backend cpu");
    }

    @Test
    void autoTakesTheCpuAndSaysWhy() throws Exception {
        Ended ended = score("driver=11040", Map.of(), "auto");
        assertEquals(ExitStatus.OK, ended.status, ended.err);
        assertTrue(ended.err.startsWith("running on the CPU") && ended.err.contains("CUDA 11.4"), ended.err);
        Ended gpu = score("", Map.of(), "auto");
        assertTrue(gpu.err.startsWith("running on CRANE software device (4 GB), f32\n"), gpu.err);
    }
}
