package dev.crane.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.crane.cuda.CudaException;

/**
 * The CUDA sources of this build and what {@code nvcc} made of them. For work on kernels the system property {@value #FOLDER_PROPERTY} names a folder to
 * take the sources from instead; then nothing compiled beforehand is used.
 */
final class KernelSources {
    static final String FOLDER_PROPERTY = "dev.crane.kernels";
    /** Name of the fatbin of the sources that no rule changes; the others' fatbins have the rules' names. */
    static final String PLAIN = "kernels";
    private static final String RULE = "rule.cuh";
    private static final String SOURCE = ".cu";
    private static final String HEADER = ".cuh";
    private static final String INDEX = "index.txt";

    private final Path folder;
    private final List<String> files;
    private Map<String, String> headers;

    /** @param folder where the sources lie; null for those of this build */
    KernelSources(Path folder) {
        this.folder = folder;
        this.files = folder == null ? read(INDEX).lines().toList() : list(folder);
    }

    static KernelSources ofThisBuild() {
        String folder = System.getProperty(FOLDER_PROPERTY);
        return new KernelSources(folder == null ? null : Path.of(folder));
    }

    private static List<String> list(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString().replace('\\', '/')).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("-D" + FOLDER_PROPERTY + "=" + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Names of the sources, without their ending. */
    List<String> names() {
        return files.stream().filter(file -> file.endsWith(SOURCE)).map(file -> file.substring(0, file.length() - SOURCE.length()))
                .toList();
    }

    /** The text of a source. */
    String source(String name) {
        return read(name + SOURCE);
    }

    /** Whether a relevance rule changes a source. */
    boolean isOfRule(String name) {
        return source(name).contains("#include \"" + RULE + "\"");
    }

    /** The relevance rules that have code, by name. */
    List<String> rules() {
        return files.stream().filter(file -> file.startsWith("rules/") && file.endsWith(HEADER))
                .map(file -> file.substring("rules/".length(), file.length() - HEADER.length())).toList();
    }

    /** All headers for sources compiled for a rule of this build; null for those that no rule changes. */
    Map<String, String> headers(String rule) {
        return rule == null ? headers() : headers(rule, headers().get("rules/" + rule + HEADER));
    }

    /** All headers for sources compiled for a rule with this text. */
    Map<String, String> headers(String rule, String text) {
        Map<String, String> all = new TreeMap<>(headers());
        if (text == null) {
            throw new CudaException(
                    "the relevance rule '%s' has no CUDA code; those that have are %s".formatted(rule, String.join(", ", rules())));
        }
        all.put(RULE, text);
        return all;
    }

    /** All headers by the names they are included by. */
    Map<String, String> headers() {
        if (headers == null) {
            Map<String, String> found = new TreeMap<>();
            files.stream().filter(file -> file.endsWith(HEADER)).forEach(file -> found.put(file, read(file)));
            headers = found;
        }
        return headers;
    }

    /** What {@code nvcc} compiled when the project was built: all sources that no rule changes ({@link #PLAIN}), or those that one does. */
    Optional<byte[]> fatbin(String name) {
        if (folder != null) {
            return Optional.empty();
        }
        try (InputStream in = KernelSources.class.getResourceAsStream("cuda/" + name + ".fatbin")) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the sources come from, for people. */
    String origin() {
        return folder == null ? "this build" : folder.toString();
    }

    private String read(String file) {
        if (folder != null) {
            try {
                return Files.readString(folder.resolve(file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        try (InputStream in = KernelSources.class.getResourceAsStream("cuda/" + file)) {
            if (in == null && file.equals(INDEX)) {
                return ""; // classes without their resources, as an IDE may run them
            }
            if (in == null) {
                throw new IllegalArgumentException("this build has no kernels in " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
