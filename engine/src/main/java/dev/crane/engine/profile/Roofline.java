package dev.crane.engine.profile;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalLong;
import java.util.Random;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OpTimer;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * What a device can do at most, as measured: nothing is faster than its matrix products are, or than it reads and writes memory (Williams, Waterman and
 * Patterson 2009).
 *
 * @param flops floating-point operations a second of a large square matrix product
 * @param bytesPerSecond bytes read and written a second by ops that do next to nothing else, on tensors much larger than a cache
 */
public record Roofline(double flops, double bytesPerSecond) {
    /** Sides of the square matrices; the largest takes a fast GPU a millisecond or two. */
    private static final int SMALLEST = 256;
    private static final int LARGEST = 8192;
    /** Before a larger size is tried: enough for the just-in-time compiler to take notice. */
    private static final int RUNS_OF_A_SIZE = 20;
    /** Longer than this, a product has amortised what it costs to begin one. */
    private static final double LONG_ENOUGH = 10e-3;
    /** Bytes of a tensor that is copied, at first and at most. */
    private static final long FIRST_COPY = 4L << 20;
    private static final long LARGEST_COPY = 512L << 20;
    private static final int COPY_COLUMNS = 4096;
    /** Numbers that are drawn; they are repeated. */
    private static final int PIECE = 1 << 12;

    /** The matrix rate over the memory rate: ops with fewer operations a byte are bound by memory, those with more by arithmetic. */
    public double ridge() {
        return flops / bytesPerSecond;
    }

    /** Whether memory bounds this work, rather than arithmetic. */
    public boolean boundByMemory(Work work) {
        return work.bytes() / bytesPerSecond >= work.flop() / flops;
    }

    /** Microseconds that the work takes at least. */
    public double leastMicros(Work work) {
        return 1e6 * Math.max(work.bytes() / bytesPerSecond, work.flop() / flops);
    }

    /**
     * Measures a backend. What it holds of the probe is given back when it is closed, so it should be one of its own. On the CPU it is better done after
     * what is to be compared with it, when the just-in-time compiler has done its work.
     *
     * @param seconds how long each of the two measurements goes on at least, and after it last got better
     */
    public static Roofline measure(Backend backend, double seconds) {
        try (OpTimer timer = backend.timer()) {
            return new Roofline(matrixRate(backend, timer, seconds), memoryRate(backend, timer, seconds));
        }
    }

    private static double matrixRate(Backend backend, OpTimer timer, double seconds) {
        int side = SMALLEST;
        Best best = new Best(seconds);
        Square square = new Square(backend, side);
        for (int runs = 1; !best.isFound(); runs++) {
            double time = square.seconds(timer);
            best.offer(2.0 * side * side * side / time);
            if (time < LONG_ENOUGH && runs >= RUNS_OF_A_SIZE && side < LARGEST && heapHolds(2 * side)) {
                square.release();
                side *= 2;
                square = new Square(backend, side);
                runs = 0;
            }
        }
        square.release();
        return best.rate;
    }

    /** The best of many rates, until none has been better for a while: the first ones are those of code that is not compiled yet. */
    private static final class Best {
        private final long origin = System.nanoTime();
        private final double patience;
        private long improved = origin;
        private double rate;

        /** @param patience seconds that a measurement goes on at least, and after the last improvement; at most eight times that */
        Best(double patience) {
            this.patience = patience;
        }

        void offer(double measured) {
            if (measured > 1.02 * rate)
                improved = System.nanoTime();
            rate = Math.max(rate, measured);
        }

        void forget() {
            rate = 0;
        }

        boolean isFound() {
            long now = System.nanoTime();
            return rate > 0 && now - origin > 1e9 * patience
                    && (now - improved > 1e9 * patience || now - origin > 8e9 * patience);
        }
    }

    /** Whether the operands of a product are a small part of the heap, where they are made. */
    private static boolean heapHolds(int side) {
        return 16L * side * side < Runtime.getRuntime().maxMemory() / 4;
    }

    /** A square matrix product. */
    private static final class Square {
        private final Backend backend;
        private final Weight w;
        private final Tensor x;
        private final Tensor z;

        Square(Backend backend, int side) {
            this.backend = backend;
            w = backend.weight(new StoredTensor("probe." + side, DType.BF16, new long[]{side, side}, noise(side)));
            float[] values = new float[side * side];
            Random random = new Random(1);
            for (int i = 0; i < values.length; i++)
                values[i] = i < PIECE ? (float) random.nextGaussian() : values[i % PIECE];
            x = backend.upload(values, side, side);
            z = backend.allocate(side, side);
        }

        /** Numbers as weights have them: zeros would be multiplied faster on a GPU, as less power is drawn. Native memory, as that of mapped files. */
        private static MemorySegment noise(int side) {
            MemorySegment noise = Arena.ofAuto().allocate(2L * side * side, 2);
            Random random = new Random(2);
            short[] piece = new short[Math.min(PIECE, side * side)];
            for (int i = 0; i < piece.length; i++)
                piece[i] = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
            for (long at = 0; at < noise.byteSize(); at += 2L * piece.length)
                MemorySegment.copy(piece, 0, noise, ValueLayout.JAVA_SHORT, at, piece.length);
            return noise;
        }

        double seconds(OpTimer timer) {
            return time(timer, () -> backend.linear(w, null, x, z));
        }

        void release() {
            backend.release(x);
            backend.release(z);
        }
    }

    /** The faster of a copy and a sum in place, at the largest size that was reached. */
    private static double memoryRate(Backend backend, OpTimer timer, double seconds) {
        long bytes = FIRST_COPY;
        long most = mostBytes(backend.activationBytes());
        Best best = new Best(seconds);
        Tensor x = filled(backend, bytes);
        Tensor delta = filled(backend, bytes);
        for (int runs = 1; !best.isFound(); runs++) {
            Tensor from = delta;
            Tensor to = x;
            double copy = time(timer, () -> backend.copyRows(from, 0, to, 0, to.rows()));
            double sum = time(timer, () -> backend.add(to, from));
            best.offer(Math.max(2 * bytes / copy, 3 * bytes / sum));
            if (sum < LONG_ENOUGH && runs >= RUNS_OF_A_SIZE && 2 * bytes <= most) {
                backend.release(x);
                backend.release(delta);
                bytes *= 2;
                x = filled(backend, bytes);
                delta = filled(backend, bytes);
                runs = 0;
                best.forget(); // what fits into a cache says nothing
            }
        }
        backend.release(x);
        backend.release(delta);
        return best.rate;
    }

    private static long mostBytes(OptionalLong onDevice) {
        return Math.min(LARGEST_COPY, onDevice.isPresent() ? onDevice.getAsLong() / 8 : Runtime.getRuntime().maxMemory() / 16);
    }

    private static Tensor filled(Backend backend, long bytes) {
        Tensor tensor = backend.allocateF32((int) (bytes / Float.BYTES / COPY_COLUMNS), COPY_COLUMNS);
        backend.fill(tensor, 0);
        return tensor;
    }

    private static double time(OpTimer timer, Runnable op) {
        double[] micros = new double[1];
        timer.begin("probe");
        op.run();
        timer.end();
        timer.tell(timing -> micros[0] = timing.micros());
        timer.settle();
        return Math.max(micros[0], 1e-3) / 1e6;
    }
}
