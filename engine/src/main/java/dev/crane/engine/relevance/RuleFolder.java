package dev.crane.engine.relevance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;

/**
 * A folder of rules, or a jar. A rule is a class X that implements {@link Rule}, with its device functions beside it in X.cuh or X.cu. In a folder the class may be
 * a source, X.java, which is compiled here where the JDK has a compiler; otherwise it is X.class. Jars in a folder are looked into. What is wrong with
 * one rule does not touch the others.
 *
 * @param path the folder or jar
 */
record RuleFolder(Path path) {
    private static final List<String> DEVICE_ENDINGS = List.of(".cuh", ".cu");

    /** All rules in it, or what is wrong with them, in the order of their files' names. */
    List<FoundRule> load() {
        if (!Files.exists(path))
            throw new CraneException(path + ": there is no such folder of rules");
        try {
            if (!Files.isDirectory(path)) {
                if (!path.toString().endsWith(".jar"))
                    throw new CraneException(path + ": rules lie in a folder or a jar");
                try (FileSystem jar = FileSystems.newFileSystem(path)) {
                    return load(jar.getPath("/"), List.of());
                }
            }
            List<Path> jars = list(path, 1, ".jar");
            List<FoundRule> found = new ArrayList<>(load(path, list(path, 1, ".java")));
            for (Path jar : jars)
                found.addAll(new RuleFolder(jar).load());
            return found;
        } catch (IOException | UncheckedIOException e) {
            throw new CraneException(path + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Path> list(Path root, int depth, String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(root, depth)) {
            return files.filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith)).sorted().toList();
        }
    }

    /** @param sources Java files to compile; those of a class that is there compiled too stand for it where they can be compiled */
    private List<FoundRule> load(Path root, List<Path> sources) throws IOException {
        List<FoundRule> found = new ArrayList<>();
        Map<String, Path> device = new TreeMap<>();
        for (Path file : list(root, Integer.MAX_VALUE, ".cuh", ".cu"))
            device.putIfAbsent(simpleName(file), file);
        List<String> done = new ArrayList<>();
        for (Path source : sources) {
            String name = simpleName(source);
            if (!RuleCompiler.available() && Files.exists(root.resolve(name + ".class")))
                continue;
            done.add(name);
            found.add(attempt(source, () -> fromSource(source, device.get(name))));
        }
        for (Path file : list(root, Integer.MAX_VALUE, ".class")) {
            String name = simpleName(file);
            if (done.contains(name) || name.contains("$") || name.equals("module-info") || name.equals("package-info"))
                continue;
            FoundRule rule = attempt(file, () -> fromClass(root, file, device.get(name)));
            if (rule != null) {
                found.add(rule);
                done.add(name);
            }
        }
        device.forEach((name, file) -> {
            if (!done.contains(name))
                found.add(FoundRule.failed(shown(file), new CraneException(
                        shown(file) + ": has no Java twin; put " + name + ".java or " + name
                                + ".class, which implements Rule, beside it")));
        });
        return found;
    }

    private interface Loading {
        UserRule load() throws IOException;
    }

    private FoundRule attempt(Path file, Loading loading) throws IOException {
        try {
            UserRule rule = loading.load();
            return rule == null ? null : FoundRule.of(rule);
        } catch (CraneException e) {
            return FoundRule.failed(shown(file), e);
        }
    }

    private UserRule fromSource(Path source, Path device) throws IOException {
        if (!RuleCompiler.available())
            throw new CraneException(source + ": this Java has no compiler; compile it where there is one: javac -cp "
                    + RuleCompiler.classPath().map(Path::toString).orElse("crane-engine.jar") + " " + source);
        String text = Files.readString(source);
        Map<String, byte[]> classes = RuleCompiler.compile(source, text);
        String name = classes.keySet().stream().filter(each -> each.equals(simpleName(source)) || each.endsWith("." + simpleName(source)))
                .findFirst().orElseThrow(() -> new CraneException(source + ": has no class " + simpleName(source)));
        ClassLoader loader = new ClassLoader("rule " + source.getFileName(), Rule.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) throws ClassNotFoundException {
                byte[] bytes = classes.get(wanted);
                if (bytes == null)
                    throw new ClassNotFoundException(wanted);
                return defineClass(wanted, bytes, 0, bytes.length);
            }
        };
        Class<?> type = type(loader, name, source);
        if (!Rule.class.isAssignableFrom(type))
            throw new CraneException(source + ": the class " + name + " does not implement " + Rule.class.getName());
        return rule(type, source, device, List.of(text.getBytes(StandardCharsets.UTF_8)));
    }

    private UserRule fromClass(Path root, Path file, Path device) throws IOException {
        String name = root.relativize(file).toString().replace('\\', '/').replaceFirst("\\.class$", "").replace('/', '.');
        URLClassLoader loader = new URLClassLoader("rules of " + path, new URL[]{url()}, Rule.class.getClassLoader());
        Class<?> type = type(loader, name, file);
        if (!Rule.class.isAssignableFrom(type) || Modifier.isAbstract(type.getModifiers())) {
            loader.close();
            if (device != null)
                throw new CraneException(shown(file) + ": the class " + name + " does not implement " + Rule.class.getName());
            return null;
        }
        List<byte[]> bytes = new ArrayList<>();
        for (Path part : list(Objects.requireNonNull(file.getParent()), 1, ".class"))
            if (simpleName(part).equals(simpleName(file)) || simpleName(part).startsWith(simpleName(file) + "$"))
                bytes.add(Files.readAllBytes(part));
        return rule(type, file, device, bytes);
    }

    private URL url() throws MalformedURLException {
        return path.toUri().toURL();
    }

    private static Class<?> type(ClassLoader loader, String name, Path file) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException | LinkageError e) {
            throw new CraneException(file + ": the class " + name + " cannot be loaded: " + e, e);
        }
    }

    private UserRule rule(Class<?> type, Path file, Path device, List<byte[]> twin) throws IOException {
        if (device == null)
            throw new CraneException(shown(file) + ": has no device functions; put " + simpleName(file) + ".cuh beside it");
        return of(instance(type, shown(file)), new DeviceFunctions(shown(device), Files.readString(device)), shown(file), twin);
    }

    static UserRule of(Rule rule, DeviceFunctions device, String origin, List<byte[]> twin) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            twin.forEach(digest::update);
            digest.update(device.text().getBytes(StandardCharsets.UTF_8));
            return new UserRule(rule, device, origin, HexFormat.of().formatHex(digest.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static Rule instance(Class<?> type, String origin) {
        try {
            var constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return (Rule) constructor.newInstance();
        } catch (NoSuchMethodException e) {
            throw new CraneException(origin + ": the class " + type.getName() + " has no constructor without arguments", e);
        } catch (ReflectiveOperationException | LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CraneException(
                    origin + ": the class " + type.getName() + " cannot be made: " + cause.toString().replaceAll("\\s+", " "), e);
        }
    }

    /** The file as a person finds it. */
    private String shown(Path file) {
        return file.getFileSystem().equals(path.getFileSystem()) ? file.toString() : path + "!" + file;
    }

    private static String simpleName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
    }

    /** Those a device file may have. */
    static List<String> deviceEndings() {
        return DEVICE_ENDINGS;
    }
}
