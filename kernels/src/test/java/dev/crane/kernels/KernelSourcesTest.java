package dev.crane.kernels;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.bindings.LibraryResult.Missing;
import dev.crane.bindings.NativeLibrary;
import dev.crane.cuda.Nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** Every kernel of the project through the run-time compiler, which needs no GPU. */
class KernelSourcesTest {
    private static final Path FOLDER = Path.of("src/main/cuda");
    private static final KernelSources SOURCES = new KernelSources(Files.isDirectory(FOLDER) ? FOLDER : null);

    static List<String> names() {
        return SOURCES.names();
    }

    @BeforeAll
    static void installed() {
        if (NativeLibrary.NVRTC.find() instanceof Missing missing) {
            abort(missing.advice());
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("names")
    void compilesForHopper(String name) {
        List<String> rules = SOURCES.isOfRule(name) ? SOURCES.rules() : Collections.singletonList(null);
        for (String rule : rules) {
            byte[] cubin = Nvrtc.compile(name + ".cu", SOURCES.source(name), SOURCES.headers(rule), KernelLibrary.options("sm_90"));
            assertTrue(cubin.length > 0);
        }
    }

    @Test
    void theBuildHoldsThemAll() {
        KernelSources built = new KernelSources(null);
        if (built.names().isEmpty()) {
            abort("run without the build's resources");
        }
        assertEquals(SOURCES.names(), built.names());
        assertEquals(SOURCES.headers(), built.headers());
        SOURCES.names().forEach(name -> assertEquals(SOURCES.source(name), built.source(name)));
    }
}
