package dev.crane.engine.relevance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

import dev.crane.engine.CraneException;

/** Compiles the Java twin of a rule in memory, where the JDK has its compiler; the class path is the engine alone. */
final class RuleCompiler {
    private RuleCompiler() {
    }

    /** Whether there is a compiler. */
    static boolean available() {
        return ToolProvider.getSystemJavaCompiler() != null;
    }

    /** Where the classes that a rule is compiled against lie; empty in a runtime image. */
    static Optional<Path> classPath() {
        CodeSource source = Rule.class.getProtectionDomain().getCodeSource();
        try {
            return source == null || !source.getLocation().getProtocol().equals("file")
                    ? Optional.empty()
                    : Optional.of(Path.of(source.getLocation().toURI()));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /**
     * The classes of a source, by name.
     *
     * @throws CraneException if it does not compile: the compiler's first message with the file's line
     */
    static Map<String, byte[]> compile(Path file, String text) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        try (InMemory files = new InMemory(compiler.getStandardFileManager(messages, Locale.ROOT, StandardCharsets.UTF_8), classes)) {
            List<String> options = classPath().map(path -> List.of("-proc:none", "-Xlint:none", "-classpath", path.toString()))
                    .orElse(List.of("-proc:none", "-Xlint:none"));
            if (!compiler.getTask(null, files, messages, options, null, List.of(new Source(file, text))).call())
                throw new CraneException(messages.getDiagnostics().stream().filter(message -> message.getKind() == Diagnostic.Kind.ERROR)
                        .findFirst().map(message -> file + ":" + message.getLineNumber() + ": "
                                + message.getMessage(Locale.ROOT).strip().replaceAll("\\s*\\R\\s*", ", "))
                        .orElse(file + ": does not compile"));
        } catch (IOException e) {
            throw new CraneException(file + ": cannot be compiled: " + e.getMessage(), e);
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((name, stream) -> bytes.put(name, stream.toByteArray()));
        return bytes;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(Path file, String text) {
            super(URI.create("string:///" + file.getFileName()), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** Keeps what the compiler writes. */
    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> classes;

        InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> classes) {
            super(files);
            this.classes = classes;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("memory:///" + className.replace('.', '/')), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return classes.computeIfAbsent(className, name -> new ByteArrayOutputStream());
                }
            };
        }
    }
}
