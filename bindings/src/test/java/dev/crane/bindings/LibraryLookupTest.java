package dev.crane.bindings;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The order of the search, on a made-up machine: files in a temporary folder, and a loader that takes them for libraries. */
class LibraryLookupTest {
    @TempDir
    Path root;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final PretendLoader loader = new PretendLoader();

    /** Opens every file of the machine and every name it was told of; each library has only the function that its file's name stands for. */
    private static final class PretendLoader implements LibraryLookup.Loader {
        final Set<String> broken = new HashSet<>();
        final Map<String, Path> names = new HashMap<>();
        final List<String> opened = new ArrayList<>();
        final List<Path> files = new ArrayList<>();

        @Override
        public SymbolLookup open(String name) throws IOException {
            Path file = names.getOrDefault(name, Path.of(name));
            if (!Files.exists(file)) {
                throw new IOException(name + ": cannot open shared object file: No such file or directory");
            }
            if (broken.contains(file.getFileName().toString())) {
                throw new IOException(file + ": file too short");
            }
            opened.add(file.getFileName().toString());
            files.add(file);
            long address = files.size();
            String stem = file.getFileName().toString().replaceAll("\\.so.*", "");
            Map<String, String> function = Map.of("libcuda", "cuDriverGetVersion", "libcublas", "cublasGetProperty", "libcublasLt",
                    "cublasLtGetVersion", "libnvrtc", "nvrtcVersion");
            return symbol -> symbol.equals(function.get(stem)) ? Optional.of(MemorySegment.ofAddress(address)) : Optional.empty();
        }

        @Override
        public Path fileOf(MemorySegment function) {
            return files.get((int) function.address() - 1);
        }
    }

    private LibraryLookup.Search search(NativeLibrary library) {
        return new LibraryLookup(properties::get, environment::get, List.of(root), loader).search(library);
    }

    private Path file(String path) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.createFile(file);
    }

    @Test
    void nothingThere() {
        for (NativeLibrary library : NativeLibrary.all()) {
            LibraryLookup.Search search = search(library);
            assertTrue(search.opened().isEmpty());
            assertTrue(search.advice().contains("install"), search.advice());
            assertFalse(search.advice().contains("\n"));
        }
        LibraryLookup.Search cublas = search(NativeLibrary.CUBLAS);
        assertEquals("libcublas.so.13: cannot open shared object file: No such file or directory", cublas.tried().getFirst());
        assertTrue(cublas.tried().contains("CUDA_HOME: not set"));
        assertTrue(cublas.tried().contains(root.resolve("usr/local/cuda") + ": no such folder"));
        assertTrue(cublas.tried().getLast().startsWith("Python packages"));
    }

    @Test
    void overrideComesFirstAndLast() throws IOException {
        Path mine = file("mine/libcublas.so.12");
        loader.names.put("libcublas.so.13", file("system/libcublas.so.13"));
        properties.put("dev.crane.lib.cublas", mine.toString());
        assertEquals(mine, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());

        properties.put("dev.crane.lib.cublas", mine.getParent().toString()); // its folder will do too
        assertEquals(mine, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());

        properties.put("dev.crane.lib.cublas", "/no/such/libcublas.so");
        LibraryLookup.Search search = search(NativeLibrary.CUBLAS);
        assertTrue(search.opened().isEmpty(), "an override that does not work must not be passed over in silence");
        assertEquals(1, search.tried().size());
        assertTrue(search.advice().contains("-Ddev.crane.lib.cublas=/no/such/libcublas.so"), search.advice());
        assertTrue(search.advice().contains("No such file or directory"), search.advice());
    }

    @Test
    void namesOfTheSystemComeNewestFirst() throws IOException {
        loader.names.put("libcublas.so.12", file("system/libcublas.so.12"));
        loader.names.put("libcublas.so.13", file("system/libcublas.so.13"));
        file("usr/local/cuda/lib64/libcublas.so.13");
        assertEquals(root.resolve("system/libcublas.so.13"), search(NativeLibrary.CUBLAS).opened().orElseThrow().path());
    }

    @Test
    void toolkitsComeBeforePythons() throws IOException {
        Path python = file("venv/lib/python3.11/site-packages/nvidia/cu13/lib/libcublas.so.13");
        environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
        assertEquals(python, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());
        Path standard = file("usr/local/cuda/lib64/libcublas.so.12");
        assertEquals(standard, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());
        Path home = file("home/targets/x86_64-linux/lib/libcublas.so.11");
        environment.put("CUDA_HOME", root.resolve("home").toString());
        assertEquals(home, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());
        Path path = file("path/lib64/libcublas.so.13");
        environment.put("CUDA_PATH", root.resolve("path").toString());
        assertEquals(path, search(NativeLibrary.CUBLAS).opened().orElseThrow().path());
    }

    @Test
    void pythonOnThePathIsSeen() throws IOException {
        Path library = file("opt/env/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
        assertTrue(file("opt/env/bin/python3").toFile().setExecutable(true));
        environment.put("PATH", "/nowhere:" + root.resolve("opt/env/bin"));
        assertEquals(library, search(NativeLibrary.NVRTC).opened().orElseThrow().path());
    }

    @Test
    void brokenAndForeignFilesArePassedOverWithAReason() throws IOException {
        Path broken = file("usr/local/cuda/lib64/libcublas.so.13");
        loader.broken.add("libcublas.so.13");
        loader.names.put("libcublas.so.12", file("system/libm.so.6"));
        Path good = file("usr/local/cuda/lib64/libcublas.so.12");
        LibraryLookup.Search search = search(NativeLibrary.CUBLAS);
        assertEquals(good, search.opened().orElseThrow().path());
        assertTrue(search.tried().contains("libcublas.so.12: is not cuBLAS, it has no cublasGetProperty"), search.tried().toString());
        assertTrue(search.tried().contains(broken + ": file too short"), search.tried().toString());
    }

    @Test
    void cublasLtComesFromTheFolderOfCublas() throws IOException {
        file("usr/local/cuda/lib64/libcublas.so.12");
        loader.names.put("libcublasLt.so.13", file("system/libcublasLt.so.13"));
        assertTrue(search(NativeLibrary.CUBLAS_LT).opened().isEmpty());
        file("usr/local/cuda/lib64/libcublasLt.so.13");
        assertTrue(search(NativeLibrary.CUBLAS_LT).opened().isEmpty(), "of another version");
        Path beside = file("usr/local/cuda/lib64/libcublasLt.so.12");
        assertEquals(beside, search(NativeLibrary.CUBLAS_LT).opened().orElseThrow().path());
    }

    @Test
    void nvrtcBringsItsBuiltins() throws IOException {
        file("usr/local/cuda/lib64/libnvrtc.so.13");
        file("usr/local/cuda/lib64/libnvrtc-builtins.so.13.0");
        file("usr/local/cuda/lib64/libnvrtc-builtins.alt.so.13.0");
        assertTrue(search(NativeLibrary.NVRTC).opened().isPresent());
        assertEquals(List.of("libnvrtc.so.13", "libnvrtc-builtins.so.13.0"), loader.opened);
    }
}
