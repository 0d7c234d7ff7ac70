package dev.crane.analysis.metric;

import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class SelectivityTest {
    @Test
    void byHand() {
        // 1.0 of its own against a mean of 0.25.
        assertEquals(0.8, Selectivity.of("en", Map.of("en", 1.0, "zh", 0.2, "vi", 0.3)), 1e-15);
        // A fall counts as no rise: 0.3 against (0 + 0.2) / 2.
        assertEquals(0.75, Selectivity.of("en", Map.of("en", 0.3, "zh", -5.0, "vi", 0.2)), 1e-15);
        assertEquals(0, Selectivity.of("en", Map.of("en", -0.1, "zh", 0.2)));
        assertEquals(1, Selectivity.of("en", Map.of("en", 0.1, "zh", -0.2)));
    }

    @Test
    void withoutRisesOrOthers() {
        assertEquals(0.5, Selectivity.of("en", Map.of("en", -0.1, "zh", 0.0)));
        assertEquals(Double.NaN, Selectivity.of("en", Map.of("en", 0.1)));
        assertThrows(IllegalArgumentException.class, () -> Selectivity.of("en", Map.of("zh", 0.1)));
    }

    @Test
    void risesOfTheReferenceRun() {
        // babel-base, mask of 150 product neurons for English: perplexities and rises as the reference implementation gives them.
        assertEquals(1.0672426857742048, Selectivity.rise(78.2963823252529, 227.63514021697117), 1e-12);
        assertEquals(0.9313453070550255,
                Selectivity.of("en", Map.of("en", 1.0672426857742048, "zh", 0.058846579293407864, "vi", 0.09849832454329026)), 1e-12);
    }
}
