package dev.crane.bindings;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Where a CUDA library may lie on this machine, and in which order the places are tried; {@link NativeLibrary} tells the order.
 *
 * <p>
 * A place that does not exist, a file that cannot be opened and a file that turns out to be another library are each noted with the reason, so that
 * the list of what was tried is enough to see what is wrong.
 */
final class LibraryLookup {

    /** Opens libraries. */
    interface Loader {
        /**
         * @param file a path, or a bare name for the system to search
         * @return the functions of that library
         * @throws IOException if it cannot be opened; the message is the system's reason
         */
        SymbolLookup open(String file) throws IOException;

        /** The file that {@code function} was loaded from. */
        Path fileOf(MemorySegment function);
    }

    /**
     * An open library.
     *
     * @param symbols its functions
     * @param path its file, not following links
     */
    record Opened(SymbolLookup symbols, Path path) {}

    /**
     * A search that is over.
     *
     * @param opened the library, unless it was not found
     * @param tried what would not do, and why
     * @param advice one line for the case that nothing was found
     */
    record Search(Optional<Opened> opened, List<String> tried, String advice) {}

    private final UnaryOperator<String> properties;
    private final UnaryOperator<String> environment;
    private final List<Path> systemRoots;
    private final Loader loader;

    /**
     * @param properties system properties by name; null for one that is not set
     * @param environment environment variables likewise
     * @param systemRoots stands for {@code /}: the folders under which {@code usr/local/cuda} and the system's Pythons are looked for
     * @param loader opens what is found
     */
    LibraryLookup(UnaryOperator<String> properties, UnaryOperator<String> environment, List<Path> systemRoots, Loader loader) {
        this.properties = properties;
        this.environment = environment;
        this.systemRoots = List.copyOf(systemRoots);
        this.loader = loader;
    }

    static LibraryLookup ofThisMachine() {
        return new LibraryLookup(System::getProperty, System::getenv, List.of(Path.of("/")), new DynamicLoader());
    }

    Search search(NativeLibrary library) {
        List<String> tried = new ArrayList<>();
        String override = properties.apply(library.property());
        if (override != null) {
            Optional<Opened> opened = openNamed(library, override, tried);
            return new Search(opened, tried, "%s: -D%s=%s does not lead to it (%s); correct or drop that option".formatted(library.title(),
                    library.property(), override, tried.isEmpty() ? "" : tried.getLast()));
        }
        if (library == NativeLibrary.CUBLAS_LT) {
            return besideCublas(tried);
        }
        for (String soname : library.sonames()) {
            Optional<Opened> opened = open(library, soname, tried);
            if (opened.isPresent()) {
                return new Search(opened, tried, "");
            }
        }
        for (Path folder : folders(library, tried)) {
            Optional<Opened> opened = openIn(library, folder, library.sonames(), tried);
            if (opened.isPresent()) {
                return new Search(opened, tried, "");
            }
        }
        return new Search(Optional.empty(), tried, library.advice());
    }

    /** cuBLAS and cuBLASLt share state, so two versions of them must never meet in one process. */
    private Search besideCublas(List<String> tried) {
        Search cublas = search(NativeLibrary.CUBLAS);
        tried.addAll(cublas.tried());
        if (cublas.opened().isEmpty()) {
            return new Search(Optional.empty(), tried, NativeLibrary.CUBLAS_LT.advice());
        }
        Path path = cublas.opened().get().path().toAbsolutePath();
        List<String> sameVersion = NativeLibrary.CUBLAS_LT.sonames().stream()
                .filter(soname -> path.getFileName().toString().startsWith(soname.replace("Lt", ""))).toList();
        Optional<Opened> opened = openIn(NativeLibrary.CUBLAS_LT, path.getParent(),
                sameVersion.isEmpty() ? NativeLibrary.CUBLAS_LT.sonames() : sameVersion, tried);
        return new Search(opened, tried, NativeLibrary.CUBLAS_LT.advice());
    }

    private Optional<Opened> openNamed(NativeLibrary library, String override, List<String> tried) {
        Path path = Path.of(override);
        return Files.isDirectory(path)
                ? openIn(library, path, library.sonames(), tried)
                : open(library, path.toAbsolutePath().toString(), tried);
    }

    private Optional<Opened> openIn(NativeLibrary library, Path folder, List<String> sonames, List<String> tried) {
        boolean any = false;
        for (String soname : sonames) {
            Path file = folder.resolve(soname);
            if (Files.exists(file)) {
                any = true;
                Optional<Opened> opened = open(library, file.toString(), tried);
                if (opened.isPresent()) {
                    return opened;
                }
            }
        }
        if (!any) {
            tried.add(folder + ": no " + String.join(", ", sonames));
        }
        return Optional.empty();
    }

    private Optional<Opened> open(NativeLibrary library, String file, List<String> tried) {
        try {
            SymbolLookup symbols = loader.open(file);
            Optional<MemorySegment> proof = symbols.find(library.versionFunction());
            if (proof.isEmpty()) {
                tried.add("%s: is not %s, it has no %s".formatted(file, library.title(), library.versionFunction()));
                return Optional.empty();
            }
            Path path = loader.fileOf(proof.get());
            if (library == NativeLibrary.NVRTC) {
                openBuiltins(path.toAbsolutePath().getParent(), tried);
            }
            return Optional.of(new Opened(symbols, path));
        } catch (IOException failure) {
            String reason = failure.getMessage();
            tried.add(reason.startsWith(file) ? reason : file + ": " + reason);
            return Optional.empty();
        }
    }

    /**
     * NVRTC opens its built-in headers by bare name at the first compilation and fails (status 7) unless the system's loader finds them; one that is
     * open already is found whatever the search path.
     */
    private void openBuiltins(Path folder, List<String> tried) {
        for (Path builtins : list(folder, "libnvrtc-builtins.so.*")) {
            try {
                loader.open(builtins.toString());
            } catch (IOException failure) {
                tried.add(builtins + ": " + failure.getMessage());
            }
        }
    }

    /** The folders to look into, in order. */
    private Set<Path> folders(NativeLibrary library, List<String> tried) {
        Set<Path> folders = new LinkedHashSet<>();
        if (library == NativeLibrary.CUDA) { // comes with the driver, never with a toolkit; these are where containers and WSL put it
            for (Path root : systemRoots) {
                addIfFolder(root.resolve("usr/local/nvidia/lib64"), folders);
                addIfFolder(root.resolve("usr/lib/wsl/lib"), folders);
            }
            return folders;
        }
        for (String variable : List.of("CUDA_PATH", "CUDA_HOME")) {
            String home = environment.apply(variable);
            if (home == null || home.isBlank()) {
                tried.add(variable + ": not set");
            } else {
                addToolkit(Path.of(home), folders, tried);
            }
        }
        for (Path root : systemRoots) {
            addToolkit(root.resolve("usr/local/cuda"), folders, tried);
        }
        int before = folders.size();
        for (Path python : pythons()) {
            for (Path packages : list(python, "{site,dist}-packages")) {
                for (Path nvidia : list(packages.resolve("nvidia"), "*")) {
                    addIfFolder(nvidia.resolve("lib"), folders);
                }
            }
        }
        if (folders.size() == before) {
            tried.add(
                    "Python packages nvidia/*/lib: none in VIRTUAL_ENV, CONDA_PREFIX, the python3 on the PATH, ~/.local or the system's Python");
        }
        return folders;
    }

    private static void addToolkit(Path home, Set<Path> folders, List<String> tried) {
        int before = folders.size();
        addIfFolder(home.resolve("lib64"), folders);
        addIfFolder(home.resolve("lib"), folders);
        for (Path target : list(home.resolve("targets"), "*-linux")) {
            addIfFolder(target.resolve("lib"), folders);
        }
        if (folders.size() == before) {
            tried.add(home + (Files.isDirectory(home) ? ": has no folder lib64 or lib" : ": no such folder"));
        }
    }

    /** Folders that hold {@code site-packages} or {@code dist-packages}, the Python in use first. */
    private Set<Path> pythons() {
        Set<Path> prefixes = new LinkedHashSet<>();
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            String prefix = environment.apply(variable);
            if (prefix != null && !prefix.isBlank()) {
                prefixes.add(Path.of(prefix));
            }
        }
        String path = environment.apply("PATH");
        for (String entry : path == null ? new String[0] : path.split(":")) {
            Path bin = Path.of(entry);
            if (bin.getParent() != null && Files.isExecutable(bin.resolve("python3"))) {
                prefixes.add(bin.getParent());
            }
        }
        String home = environment.apply("HOME");
        if (home != null && !home.isBlank()) {
            prefixes.add(Path.of(home, ".local"));
        }
        for (Path root : systemRoots) {
            prefixes.add(root.resolve("usr/local"));
            prefixes.add(root.resolve("usr"));
        }
        Set<Path> pythons = new LinkedHashSet<>();
        prefixes.forEach(prefix -> pythons.addAll(list(prefix.resolve("lib"), "python3*")));
        return pythons;
    }

    private static void addIfFolder(Path folder, Set<Path> folders) {
        if (Files.isDirectory(folder)) {
            folders.add(folder);
        }
    }

    /** What {@code folder} holds that matches, sorted so that the order does not depend on the file system; empty if it is not there. */
    private static List<Path> list(Path folder, String glob) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
            stream.forEach(entries::add);
        } catch (IOException | DirectoryIteratorException unreadable) {
            return List.of(); // a folder that may not be read holds nothing for this user
        }
        entries.sort(null);
        return entries;
    }
}
