package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;

import static dev.crane.bindings.nvrtc.Nvrtc.NVRTC_ERROR_COMPILATION;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcCompileProgram;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcCreateProgram;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcDestroyProgram;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetCUBIN;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetCUBINSize;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetErrorString;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetNumSupportedArchs;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetProgramLog;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetProgramLogSize;
import static dev.crane.bindings.nvrtc.Nvrtc.nvrtcGetSupportedArchs;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/** The compiler for CUDA C++ at run time. It needs no GPU, and any thread may use it. */
public final class Nvrtc {
    private static final MemoryLayout C_STRING = MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE);

    private Nvrtc() {
    }

    /**
     * The library in use, for the keys of caches: its version and its file.
     *
     * @throws CudaException if there is none; the message says how to get it
     */
    public static LibraryResult.Found library() {
        return switch (NativeLibrary.NVRTC.find()) {
            case LibraryResult.Found found -> found;
            case LibraryResult.Missing missing -> throw new CudaException(missing.advice());
        };
    }

    /** Architectures it compiles for, such as 80 and 90, ascending. */
    public static List<Integer> architectures() {
        library();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            check(nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
            MemorySegment all = arena.allocate(JAVA_INT, count.get(JAVA_INT, 0));
            check(nvrtcGetSupportedArchs(all), "nvrtcGetSupportedArchs");
            return all.elements(JAVA_INT).map(one -> one.get(JAVA_INT, 0)).sorted().toList();
        }
    }

    /**
     * Compiles a source to a cubin.
     *
     * @param name what the source is called in messages, such as {@code rms_norm.cu}
     * @param source CUDA C++
     * @param headers what the source includes: text by name
     * @param options such as {@code --gpu-architecture=sm_90}
     * @throws CudaException if it does not compile: {@link CudaException#text} is the compiler's log
     */
    public static byte[] compile(String name, String source, Map<String, String> headers, List<String> options) {
        library();
        Map<String, String> sorted = new TreeMap<>(headers);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(ADDRESS);
            check(nvrtcCreateProgram(result, arena.allocateFrom(source), arena.allocateFrom(name), sorted.size(),
                    strings(List.copyOf(sorted.values()), arena), strings(List.copyOf(sorted.keySet()), arena)), "nvrtcCreateProgram",
                    name);
            MemorySegment program = result.get(ADDRESS, 0);
            try {
                int status = nvrtcCompileProgram(program, options.size(), strings(options, arena));
                if (status == NVRTC_ERROR_COMPILATION()) {
                    throw new CudaException("NVRTC_ERROR_COMPILATION", log(program, arena), "nvrtcCompileProgram(" + name + ")");
                }
                check(status, "nvrtcCompileProgram", name, options);
                MemorySegment size = arena.allocate(JAVA_LONG);
                check(nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize", name);
                MemorySegment cubin = arena.allocate(size.get(JAVA_LONG, 0));
                check(nvrtcGetCUBIN(program, cubin), "nvrtcGetCUBIN", name);
                return cubin.toArray(JAVA_BYTE);
            } finally {
                nvrtcDestroyProgram(result);
            }
        }
    }

    private static String log(MemorySegment program, Arena arena) {
        MemorySegment size = arena.allocate(JAVA_LONG);
        check(nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
        MemorySegment text = arena.allocate(Math.max(size.get(JAVA_LONG, 0), 1));
        check(nvrtcGetProgramLog(program, text), "nvrtcGetProgramLog");
        return text.getString(0).strip();
    }

    private static MemorySegment strings(List<String> strings, Arena arena) {
        MemorySegment pointers = arena.allocate(ADDRESS, Math.max(strings.size(), 1));
        for (int i = 0; i < strings.size(); i++) {
            pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i)));
        }
        return pointers;
    }

    private static void check(int status, String function, Object... arguments) {
        if (status != 0) {
            MemorySegment text = nvrtcGetErrorString(status);
            String name = text.equals(MemorySegment.NULL) ? "status " + status : text.reinterpret(C_STRING.byteSize()).getString(0);
            throw new CudaException(name, "the run-time compiler failed", function + List.of(arguments));
        }
    }
}
