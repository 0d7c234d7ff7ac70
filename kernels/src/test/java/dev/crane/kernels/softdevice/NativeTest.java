package dev.crane.kernels.softdevice;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The native tests of the software device, {@code src/test/cpp/softdevice/test}: as it is used, with AddressSanitizer, and with the portable switch of stacks. */
@Execution(ExecutionMode.SAME_THREAD)
class NativeTest {
    private static final Path SOURCES = Path.of("src/test/cpp/softdevice").toAbsolutePath();
    private static final Path BUILT = Path.of("../target/softdevice").toAbsolutePath().normalize();

    private record Ended(int status, String output) {}

    private static Ended run(Path program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Leaks: a thread of a block that is given up half-way takes what it holds with it.
        builder.environment().put("ASAN_OPTIONS", "detect_leaks=0:handle_segv=1:symbolize=0");
        builder.environment().remove("CRANE_SOFT_DEVICE");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    /** The program of a variant; skips the test, visibly, where there is no C++ compiler. */
    private static Path program(String variant) throws IOException, InterruptedException {
        Ended build = run(SOURCES.resolve("build"), BUILT.toString(), variant);
        assertEquals(0, build.status, build.output);
        Path program = BUILT.resolve(variant).resolve("softdevice_test");
        assumeTrue(Files.exists(program), build.output);
        return program;
    }

    @TestFactory
    Stream<DynamicTest> asItIsUsed() throws IOException, InterruptedException {
        return results(run(program("lib")));
    }

    @TestFactory
    Stream<DynamicTest> withPortableSwitchOfStacks() throws IOException, InterruptedException {
        return results(run(program("ucontext")));
    }

    @TestFactory
    Stream<DynamicTest> underAddressSanitizer() throws IOException, InterruptedException {
        Path program = program("asan");
        Stream<DynamicTest> faults = run(program, "--list").output.lines().filter(line -> line.endsWith(" *"))
                .map(line -> line.replace(" *", ""))
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Ended ended = run(program, name);
                    assertTrue(ended.status != 0 && ended.output.contains("ERROR: AddressSanitizer"), ended.output);
                }));
        return Stream.concat(results(run(program)), faults);
    }

    private static Stream<DynamicTest> results(Ended ended) {
        List<DynamicTest> tests = new ArrayList<>();
        StringBuilder failure = new StringBuilder();
        String name = "";
        for (String line : (ended.output + "ok .").lines().toList()) { // a failure's text may have several lines
            if (line.startsWith("ok ") || line.startsWith("FAILED ")) {
                addIfFailed(name, failure, tests);
                name = line.replaceFirst("^\\w+ ([^:]*).*", "$1");
                if (line.startsWith("ok ") && !line.equals("ok .")) {
                    tests.add(DynamicTest.dynamicTest(name, () -> {
                    }));
                }
                failure.setLength(0);
                failure.append(line.startsWith("FAILED ") ? line : "");
            } else {
                failure.append('\n').append(line);
            }
        }
        int status = ended.status;
        tests.add(DynamicTest.dynamicTest("ends", () -> assertEquals(0, status, ended.output)));
        assertTrue(tests.size() > 30, ended.output);
        return tests.stream();
    }

    private static void addIfFailed(String name, StringBuilder failure, List<DynamicTest> tests) {
        String text = failure.toString();
        if (text.startsWith("FAILED ")) {
            tests.add(DynamicTest.dynamicTest(name, () -> {
                throw new AssertionError(text);
            }));
        }
    }
}
