package dev.crane.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The script {@code crane}, in a made-up checkout with a made-up JDK that prints how it was started, and a made-up Maven. */
@Timeout(60)
class LauncherTest {
    @TempDir
    Path folder;

    private Path root;
    private Path jdk;
    private final Map<String, String> environment = new TreeMap<>();

    private record Outcome(int status, String out, String err) {
        String java() {
            return out.lines().filter(line -> line.startsWith("java of ")).findFirst().orElse("none");
        }

        List<String> arguments() {
            return out.lines().filter(line -> line.startsWith("> ")).map(line -> line.substring(2)).toList();
        }
    }

    @BeforeEach
    void checkout() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")) || Files.isExecutable(Path.of("/usr/bin/bash")), "no bash here");
        root = Files.createDirectories(folder.resolve("a check out"));
        Files.copy(Path.of("..", "crane"), root.resolve("crane"));
        for (String module : List.of("bindings", "kernels", "engine", "models", "analysis", "cli")) {
            Files.createDirectories(root.resolve(module).resolve("src/main"));
            Files.writeString(root.resolve(module).resolve("pom.xml"), "<project/>");
        }
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        jdk = jdk("jdk", "99.0.1"); // newer than any that the machine may have
        script("bin/mvn", """
                echo build >> %s/builds
                mkdir -p cli/target/lib
                touch cli/target/lib/engine.jar cli/target/crane-cli-1.jar
                """.formatted(folder).replace("cli/", "\"$CRANE_TEST_ROOT\"/cli/"));
        environment.put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
        environment.put("HOME", folder.toString());
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("CRANE_TEST_ROOT", root.toString());
        environment.put("LC_ALL", "C.UTF-8");
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        script(name + "/bin/javac", "");
        script(name + "/bin/java", """
                echo "java of %s"
                for argument; do echo "> $argument"; done
                echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
                echo 'a word on standard error' >&2
                exit 3
                """.formatted(name));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private Path script(String name, String body) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/bash\n" + body);
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }

    private Outcome crane(Path script, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Path err = Files.createTempFile(folder, "err", ".txt");
        Process process = builder.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        for (int wait = 0; wait < 100 && status == 3 && !Files.readString(err).contains("a word"); wait++) {
            Thread.sleep(20); // the filter of standard error outlives the process by a moment
        }
        return new Outcome(status, out, Files.readString(err));
    }

    private Outcome crane(String... args) throws Exception {
        return crane(root.resolve("crane"), args);
    }

    private long builds() throws IOException {
        Path builds = folder.resolve("builds");
        return Files.exists(builds) ? Files.readAllLines(builds).size() : 0;
    }

    @Test
    void buildsOnceThenStarts() throws Exception {
        Outcome first = crane("eval", "a b", "--mask=*");
        assertEquals(3, first.status, "the status is Java's");
        assertEquals("java of jdk", first.java());
        List<String> arguments = first.arguments();
        assertEquals(List.of("dev.crane.cli.Main", "eval", "a b", "--mask=*"), arguments.subList(arguments.size() - 4, arguments.size()));
        assertTrue(arguments.contains("jdk.incubator.vector"));
        assertEquals("crane: building (the first time takes a minute or two) …\na word on standard error\n", first.err,
                "the JVM's warning of the Vector API is held back, everything else passes");
        assertEquals("a word on standard error\n", crane("eval").err);
        assertEquals(1, builds());
        String path = arguments.get(arguments.indexOf("-cp") + 1);
        assertTrue(path.startsWith(root.toRealPath() + "/cli/target/dist/") && path.endsWith("/lib/*"), path);
        assertTrue(Files.exists(Path.of(path.replace("*", "engine.jar"))) && Files.exists(Path.of(path.replace("*", "crane-cli-1.jar"))));
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        crane("eval");
        Path source = Files.writeString(root.resolve("engine/src/main/Engine.java"), "class Engine {}");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
        crane("eval");
        assertEquals(2, builds());
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().minusSeconds(60)));
        crane("eval");
        Files.writeString(Files.createDirectories(root.resolve("engine/src/test")).resolve("EngineTest.java"), "");
        crane("eval");
        assertTrue(builds() <= 3, "tests are no reason to build");
    }

    @Test
    void startsAtTheSameTimeBuildOnce() throws Exception {
        List<Thread> starts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            starts.add(Thread.ofPlatform().start(() -> {
                try {
                    assertEquals(3, crane("eval").status);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }));
        }
        for (Thread start : starts) {
            start.join();
        }
        assertEquals(1, builds());
    }

    @Test
    void worksThroughLinksFromElsewhere() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("bin/crane link"), Path.of("../a check out/crane"));
        Path again = Files.createSymbolicLink(folder.resolve("again"), link);
        assertEquals(3, crane(again, "eval").status);
        assertTrue(Files.exists(root.resolve("cli/target/dist/current")));
    }

    @Test
    void aFailedBuildIsShown() throws Exception {
        script("bin/mvn", "echo '[INFO] much'; echo '[ERROR] Engine.java:[3,1] what is this'; exit 1");
        Outcome outcome = crane("eval");
        assertEquals(1, outcome.status);
        assertTrue(outcome.err.contains("[ERROR] Engine.java:[3,1] what is this"), outcome.err);
        assertTrue(outcome.err.contains("crane: the build failed; all of its output is in "), outcome.err);
        assertFalse(outcome.err.contains("much"), outcome.err);
    }

    @Test
    void missingMavenIsSaid() throws Exception {
        Files.delete(folder.resolve("bin/mvn"));
        for (String tool : List.of("dirname", "basename", "readlink", "find", "head", "mkdir", "rm", "touch", "cat", "grep",
                "tail",
                "date", "mv", "cp", "flock")) {
            Path real = Path.of("/usr/bin", tool);
            if (Files.exists(real)) {
                script("bin/" + tool, "exec " + real + " \"$@\"");
            }
        }
        Files.createSymbolicLink(folder.resolve("bin/bash"), Path.of("/bin/bash"));
        environment.put("PATH", folder.resolve("bin").toString());
        Outcome outcome = crane("eval");
        assertEquals(1, outcome.status);
        assertTrue(outcome.err.startsWith("crane: building CRANE needs Maven"), outcome.err);
    }

    @Test
    void theNewestJdkIsTakenUnlessOneIsNamed() throws Exception {
        jdk(".jdks/newer", "100");
        jdk(".jdks/older", "98.0.1");
        assertEquals("java of jdk", crane("eval").java(), "JAVA_HOME is the user's choice");
        environment.put("JAVA_HOME", jdk("old", "17.0.2").toString());
        assertEquals("java of .jdks/newer", crane("eval").java(), "one that is too old is passed over");
        environment.put("CRANE_JAVA_HOME", folder.resolve(".jdks/older").toString());
        assertEquals("java of .jdks/older", crane("eval").java());
        environment.put("CRANE_JAVA_HOME", folder.resolve("old").toString());
        Outcome outcome = crane("eval");
        assertEquals(1, outcome.status);
        assertEquals("crane: CRANE_JAVA_HOME=" + folder.resolve("old") + " is not a JDK 22 or newer\n", outcome.err);
    }

    @Test
    void javaOptionsAreHandedOn() throws Exception {
        environment.put("CRANE_JAVA_OPTIONS", "-Xmx20g -Dx=y");
        List<String> arguments = crane("eval").arguments();
        assertTrue(arguments.indexOf("-Xmx20g") > 0 && arguments.indexOf("-Dx=y") < arguments.indexOf("dev.crane.cli.Main"),
                arguments.toString());
    }
}
