package dev.crane.analysis.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class RollingWindowsTest {
    /** The example of lm-evaluation-harness's own tests: tokens 0…9 behind the prefix −100, windows of 4 inputs. */
    @Test
    void windowsAreTheHarness() {
        int[] ids = IntStream.concat(IntStream.of(-100), IntStream.range(0, 10)).toArray();
        List<TokenRequest> windows = RollingWindows.of(ids, 5, "text");
        assertEquals(3, windows.size());
        assertWindow(windows.get(0), new int[]{-100, 0, 1, 2, 3}, 1);
        assertWindow(windows.get(1), new int[]{3, 4, 5, 6, 7}, 1);
        assertWindow(windows.get(2), new int[]{5, 6, 7, 8, 9}, 3);
    }

    @Test
    void shortTextsAreOneWindow() {
        assertWindow(RollingWindows.of(new int[]{7, 8, 9}, 5, "text").getFirst(), new int[]{7, 8, 9}, 1);
        assertEquals(1, RollingWindows.of(new int[]{7, 8, 9}, 3, "text").size());
        assertWindow(RollingWindows.of(new int[]{7}, 3, "text").getFirst(), new int[]{7}, 1);
    }

    @Test
    void everyTokenButTheFirstIsPredictedOnce() {
        for (int length = 1; length < 40; length++) {
            for (int window = 2; window < 12; window++) {
                int[] ids = IntStream.range(0, length).toArray();
                int[] predicted = new int[length];
                for (TokenRequest request : RollingWindows.of(ids, window, "text")) {
                    assertTrue(request.ids().length <= window);
                    for (int t = request.first(); t < request.ids().length; t++)
                        predicted[request.ids()[t]]++;
                }
                assertEquals(0, predicted[0]);
                assertTrue(Arrays.stream(predicted).skip(1).allMatch(count -> count == 1), length + " in windows of " + window);
            }
        }
    }

    private static void assertWindow(TokenRequest window, int[] ids, int first) {
        assertArrayEquals(ids, window.ids());
        assertEquals(first, window.first());
    }
}
