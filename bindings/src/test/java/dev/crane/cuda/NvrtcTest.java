package dev.crane.cuda;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import dev.crane.bindings.LibraryResult.Missing;
import dev.crane.bindings.NativeLibrary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** The run-time compiler, which needs no GPU. */
class NvrtcTest {
    private static final List<String> OPTIONS = List.of("--gpu-architecture=sm_90");

    @BeforeAll
    static void installed() {
        if (NativeLibrary.NVRTC.find() instanceof Missing missing) {
            abort(missing.advice());
        }
    }

    @Test
    void knowsTheChipsWeMean() {
        assertTrue(Nvrtc.architectures().containsAll(List.of(80, 90)), Nvrtc.architectures().toString());
    }

    @Test
    void compilesWithNamedHeaders() {
        byte[] cubin = Nvrtc.compile("twice.cu", """
                #include "rules/factor.cuh"
                extern "C" __global__ void twice(float* x) { x[threadIdx.x] *= FACTOR; }
                """, Map.of("rules/factor.cuh", "#define FACTOR 2.0f\n"), OPTIONS);
        assertEquals("\u007fELF", new String(cubin, 0, 4, StandardCharsets.ISO_8859_1), "a cubin is an ELF file");
        assertTrue(new String(cubin, StandardCharsets.ISO_8859_1).contains("twice"));
    }

    @Test
    void tellsWhereASourceIsWrong() {
        CudaException e = assertThrows(CudaException.class,
                () -> Nvrtc.compile("wrong.cu", "\nextern \"C\" __global__ void f() { undeclared = 1; }\n", Map.of(), OPTIONS));
        assertEquals("NVRTC_ERROR_COMPILATION", e.error());
        assertTrue(e.text().contains("wrong.cu(2): error:") && e.text().contains("undeclared"), e.text());
    }

    @Test
    void tellsWhatOptionIsUnknown() {
        CudaException e = assertThrows(CudaException.class,
                () -> Nvrtc.compile("f.cu", "", Map.of(), List.of("--gpu-architecture=sm_9999")));
        assertTrue(e.getMessage().contains("sm_9999"), e.getMessage());
    }
}
