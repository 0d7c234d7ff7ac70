package dev.crane.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import jdk.jshell.tool.JavaShellToolBuilder;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import dev.crane.engine.CraneException;

/** {@code crane shell}: the JDK's shell, in this process, so that what is typed has its class path and flags. */
@Command(name = "shell", customSynopsis = "crane shell [FILE...]",
        description = "Start the JDK's shell with CRANE's hooks imported: read and change what goes on inside a model.", footer = {"",
                "Files of the shell's input are run first; one that ends with /exit ends the shell. docs/hooks.md shows what to type.",
                "",
                "Example:",
                "  crane shell",
                "  jshell> var model = Model.open(\"models/babel-base\")",
                "  jshell> model.on(\"The server answers\").capture(\"mlp.neuron.2\").run()"})
final class ShellCommand implements Callable<Integer> {
    private static final String IMPORTS = """
            import dev.crane.models.hooks.*;
            import dev.crane.engine.backend.Backend.Reduction;
            """;

    @Parameters(paramLabel = "FILE", arity = "0..*", description = "Shell input to run first.")
    private List<Path> files = List.of();

    @Override
    public Integer call() throws Exception {
        for (Path file : files)
            if (!Files.isReadable(file))
                throw new CraneException(file + ": there is no such file, or it cannot be read");
        Path imports = imports();
        try {
            List<String> arguments = new ArrayList<>(List.of("--execution", "local", "--class-path", System.getProperty("java.class.path"),
                    "--startup", "DEFAULT", "--startup", imports.toString()));
            files.forEach(file -> arguments.add(file.toString()));
            return JavaShellToolBuilder.builder().start(arguments.toArray(String[]::new)) == 0 ? ExitStatus.OK : ExitStatus.FAILED;
        } finally {
            Files.deleteIfExists(imports);
        }
    }

    private static Path imports() {
        try {
            return Files.writeString(Files.createTempFile("crane", ".jsh"), IMPORTS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
