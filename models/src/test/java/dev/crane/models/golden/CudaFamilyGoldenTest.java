package dev.crane.models.golden;

import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.Arguments;

import dev.crane.engine.Backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

/** The golden data of all families on the GPU, or on the software device that stands in for one. */
@Tag("soft-device")
class CudaFamilyGoldenTest extends FamilyGoldenTest {
    @BeforeAll
    static void device() {
        Backends.cudaObstacle().ifPresent(obstacle -> abort(obstacle));
    }

    static Stream<Arguments> families() {
        return FamilyGoldenTest.families().map(arguments -> arguments.get()[0]).distinct().map(family -> Arguments.of(family, "cuda"));
    }

    /** cuBLAS may sum in another order for another number of rows; then values differ as they may from the golden ones. */
    @Override
    void assertSameBits(float[] expected, float[] actual, String what) {
        assertEquals(expected.length, actual.length, what);
        float[] numbers = actual.clone();
        float[] expectedNumbers = expected.clone();
        for (int i = 0; i < numbers.length; i++)
            if (Float.isNaN(expected[i]) && Float.isNaN(actual[i]))
                numbers[i] = expectedNumbers[i] = 0;
        Closeness.assertNear(expectedNumbers, numbers, 2e-5, what);
    }
}
