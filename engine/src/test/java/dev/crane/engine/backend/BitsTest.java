package dev.crane.engine.backend;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.backend.OpCase.Output;
import dev.crane.engine.backend.OpCase.Rows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** The CPU backend gives the same bits for any number of threads, any batch, and with a key/value cache or without. */
class BitsTest {
    private static final List<TestBackend> BACKENDS = List.of(TestBackend.cpu(1), TestBackend.cpu(2), TestBackend.cpu(3));

    @AfterAll
    static void close() {
        BACKENDS.forEach(TestBackend::close);
    }

    static Stream<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void anyNumberOfThreads(OpCase test) {
        Map<String, Output> expected = test.run(BACKENDS.getFirst(), test.all());
        for (TestBackend other : BACKENDS)
            test.run(other, test.all()).forEach((name, output) -> assertArrayEquals(expected.get(name).values(), output.values(), name));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aloneAndInABatch(OpCase test) {
        for (TestBackend cpu : BACKENDS) {
            Map<String, Output> batch = test.run(cpu, test.all());
            int row = 0;
            for (int b = 0; b < test.lengths().length; b++) {
                int sequence = b;
                int first = row;
                test.run(cpu, b).forEach((name, output) -> {
                    if (output.rows() == Rows.OTHER)
                        return;
                    int from = output.rows() == Rows.TOKENS ? first * output.columns() : sequence * output.columns();
                    int to = from + output.values().length;
                    assertArrayEquals(Arrays.copyOfRange(batch.get(name).values(), from, to), output.values(), name + " of " + sequence);
                });
                row += test.lengths()[b];
            }
        }
    }

    static Stream<AttentionCases.Setting> settings() {
        return AttentionCases.settings().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void withACacheAndWithout(AttentionCases.Setting setting) {
        OpCase full = new OpCase("full", setting.lengths(), run -> AttentionCases.forward(run, setting));
        OpCase cached = AttentionCases.cached(setting);
        TestBackend cpu = BACKENDS.getFirst();
        Segments segments = new OpCase.Run(full, cpu, full.all(), Map.of(), false).segments();
        Map<String, Output> expected = full.run(cpu, full.all());
        Map<String, Output> actual = cached.run(cpu, cached.all());
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, output) -> assertArrayEquals(AttentionCases.lastRows(segments, output.values(), output.columns()),
                actual.get(name).values(), name));
    }
}
