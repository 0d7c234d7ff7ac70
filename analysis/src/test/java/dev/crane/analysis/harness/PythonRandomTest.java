package dev.crane.analysis.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class PythonRandomTest {
    private static List<Integer> numbers(String text) {
        return Stream.of(text.strip().split(" ")).map(Integer::valueOf).toList();
    }

    private static List<Integer> range(int n) {
        return IntStream.range(0, n).boxed().toList();
    }

    /** {@code SEED N K | Random(SEED).sample(range(N), K) | the same once more}, written by Python 3.11. */
    @Test
    void samplesAreThoseOfPython() throws IOException {
        for (String line : Files.readAllLines(Path.of("src/test/resources/lmeval/python-sample.txt"))) {
            String[] parts = line.split("\\|");
            String[] of = parts[0].strip().split(" ");
            PythonRandom random = new PythonRandom(Long.parseLong(of[0]));
            for (int draw = 1; draw < parts.length; draw++)
                assertEquals(numbers(parts[draw]), random.sample(range(Integer.parseInt(of[1])), Integer.parseInt(of[2])), line);
        }
    }

    /** Far enough for the state to be made anew several times. */
    @Test
    void theSequenceGoesOn() {
        PythonRandom random = new PythonRandom(1234);
        List<Integer> last = List.of();
        for (int i = 0; i < 400; i++)
            last = random.sample(range(97), 5);
        assertEquals(List.of(89, 31, 20, 32, 54), last);
    }

    @Test
    void moreThanThereIs() {
        assertThrows(IllegalArgumentException.class, () -> new PythonRandom(0).sample(range(3), 4));
    }
}
