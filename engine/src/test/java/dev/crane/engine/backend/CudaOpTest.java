package dev.crane.engine.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;

import static org.junit.jupiter.api.Assumptions.abort;

/** Every case on the GPU (or the software device that stands in for one) against the scalar reference. */
@Tag("soft-device")
class CudaOpTest {
    /** See {@link OpTest}: the same sums in another order. */
    private static final double F32 = 1e-5;
    /**
     * Inputs are the same bf16 numbers on both sides, sums are f32. What is rounded is the result: half a unit in the last of 8 bits, 2⁻⁹ of each value at
     * most, 1.1·10⁻³ of the norm on average. Where an op rounds between two products (attention: probabilities and their gradients before they are
     * multiplied again), a second and a third rounding come in, and where terms cancel the error is of the terms' size: up to four times more.
     */
    private static final double BF16 = 1e-2;
    private static TestBackend reference;
    private static TestBackend cuda;
    private static TestBackend referenceOfBf16;
    private static TestBackend bf16;

    @BeforeAll
    static void start() {
        reference = TestBackend.reference();
        cuda = new OnDevice(new CudaBackend(device(), new CudaSettings(Precision.F32)), false);
        referenceOfBf16 = TestBackend.referenceOfBf16();
        bf16 = new OnDevice(new CudaBackend(device(), new CudaSettings(Precision.BF16)), true);
    }

    static Device device() {
        try {
            return Device.all().getFirst();
        } catch (CudaException none) {
            return abort(none.getMessage());
        }
    }

    @AfterAll
    static void close() {
        if (cuda != null)
            cuda.close();
        if (bf16 != null)
            bf16.close();
    }

    static Stream<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesWithTheReference(OpCase test) {
        OpTest.compare(test, reference, cuda, false, F32);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesOnNanAndInfinity(OpCase test) {
        OpTest.compare(test, reference, cuda, true, F32);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesInBf16(OpCase test) {
        OpTest.compare(test, referenceOfBf16, bf16, false, BF16);
    }

    /** Tensors on the device; the software device guards every allocation itself and looks at its guards when memory is given back. */
    record OnDevice(CudaBackend backend, boolean rounds, List<Tensor> tensors) implements TestBackend {
        OnDevice(CudaBackend backend, boolean rounds) {
            this(backend, rounds, new ArrayList<>());
        }

        @Override
        public float[] rounded(float[] values) {
            return rounds ? TestBackend.toBf16(values) : values;
        }

        @Override
        public Tensor tensor(float[] values, int rows, int columns) {
            Tensor tensor = backend.upload(values, rows, columns);
            tensors.add(tensor);
            return tensor;
        }

        @Override
        public void checkGuards() {
            tensors.forEach(backend::release);
            tensors.clear();
        }
    }
}
