package dev.crane.engine.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/** A backend under test, and tensors on it with guards behind them that catch writes out of bounds. */
interface TestBackend extends AutoCloseable {
    Backend backend();

    /** A guarded tensor of these values. */
    Tensor tensor(float[] values, int rows, int columns);

    /** Inputs as a backend of lower precision holds them; all backends that are compared must be given the same. */
    default float[] rounded(float[] values) {
        return values;
    }

    /** Rounded to bf16: to nearest, ties to even. */
    static float[] toBf16(float[] values) {
        float[] rounded = values.clone();
        for (int i = 0; i < rounded.length; i++)
            if (Float.isFinite(rounded[i])) {
                int bits = Float.floatToRawIntBits(rounded[i]);
                rounded[i] = Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
            }
        return rounded;
    }

    /** Throws where a guard was written to; then forgets the tensors. */
    void checkGuards();

    @Override
    default void close() {
        backend().close();
    }

    static TestBackend reference() {
        return new Host(new ReferenceBackend());
    }

    /** The reference for backends that are given inputs rounded to bf16. */
    static TestBackend referenceOfBf16() {
        return new Host(new ReferenceBackend()) {
            @Override
            public float[] rounded(float[] values) {
                return toBf16(values);
            }
        };
    }

    static TestBackend cpu(int threads) {
        return new Host(new CpuBackend(threads));
    }

    /** A backend whose tensors are Java arrays: an index below 0 throws by itself, a guard stands behind the last value. */
    class Host implements TestBackend {
        /** NaN, so that reading it shows too. */
        private static final float GUARD = Float.intBitsToFloat(0x7fc0dead);
        private static final int GUARDS = 64;

        private final Backend backend;
        private final List<HostTensor> tensors = new ArrayList<>();

        Host(Backend backend) {
            this.backend = backend;
        }

        @Override
        public Backend backend() {
            return backend;
        }

        @Override
        public Tensor tensor(float[] values, int rows, int columns) {
            float[] data = Arrays.copyOf(values, values.length + GUARDS);
            Arrays.fill(data, values.length, data.length, GUARD);
            HostTensor tensor = new HostTensor(data, rows, columns);
            tensors.add(tensor);
            return tensor;
        }

        @Override
        public void checkGuards() {
            for (HostTensor tensor : tensors)
                for (int i = tensor.elements(); i < tensor.data().length; i++)
                    if (Float.floatToRawIntBits(tensor.data()[i]) != Float.floatToRawIntBits(GUARD))
                        throw new AssertionError("written " + (i - tensor.elements()) + " values behind a tensor of " + tensor);
            tensors.clear();
        }
    }

    /** A tensor stored in native memory at an odd address, as one in a file may lie. */
    static StoredTensor stored(String name, DType dtype, long[] shape, float[] values) {
        int width = dtype.bits() / 8;
        MemorySegment data = Arena.ofAuto().allocate(1L + (long) width * values.length).asSlice(1);
        for (int i = 0; i < values.length; i++)
            switch (dtype) {
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * width, values[i]);
                case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) i * width, Float.floatToFloat16(values[i]));
                default ->
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) i * width, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
            }
        return new StoredTensor(name, dtype, shape, data);
    }
}
