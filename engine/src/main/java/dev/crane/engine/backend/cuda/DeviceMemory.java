package dev.crane.engine.backend.cuda;

import java.util.ArrayList;
import java.util.List;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.cuda.CudaTensor.Storage;
import dev.crane.kernels.Cast;
import dev.crane.kernels.Matrix;

/** The memory of tensors: given when something is first written to them, from the stream-ordered pool, and counted. */
final class DeviceMemory {
    private final Context context;
    private final Stream stream;
    private final Staging staging;
    private final Cast cast;
    private long held;
    private long peak;

    DeviceMemory(Context context, Stream stream, Staging staging, Cast cast) {
        this.context = context;
        this.stream = stream;
        this.staging = staging;
        this.cast = cast;
    }

    long held() {
        return held;
    }

    long takePeak() {
        long taken = peak;
        peak = held;
        return taken;
    }

    /** @param fixed its element type, or null for that of the first op that writes it */
    CudaTensor allocate(int rows, int columns, ElementType fixed) {
        return new CudaTensor(rows, columns, new Storage(Math.multiplyExact(rows, columns), fixed), false);
    }

    CudaTensor upload(float[] values, int rows, int columns) {
        CudaTensor tensor = allocate(rows, columns, null);
        tensor.storage().pending = values.clone();
        return tensor;
    }

    void release(Tensor tensor) {
        CudaTensor own = (CudaTensor) tensor;
        if (own.isView())
            throw new IllegalArgumentException("another shape of a tensor is released: it ends with that tensor");
        Storage storage = own.storage();
        storage.released = true;
        storage.pending = null;
        dropRounded(storage);
        if (storage.buffer != null) {
            held -= storage.buffer.bytes();
            storage.buffer.close();
        }
    }

    float[] download(Tensor tensor) {
        Storage storage = ((CudaTensor) tensor).storage();
        if (storage.pending != null)
            return storage.pending.clone();
        requireWritten(tensor, storage);
        return staging.download(storage.buffer, storage.type, storage.elements);
    }

    private static void requireWritten(Tensor tensor, Storage storage) {
        if (storage.buffer == null)
            throw new IllegalStateException("a tensor of " + tensor + " is read before anything was written to it");
    }

    /** Whether something was written to it (or uploaded). */
    static boolean isWritten(Tensor tensor) {
        Storage storage = ((CudaTensor) tensor).storage();
        return storage.buffer != null || storage.pending != null;
    }

    /** The type it has; {@code otherwise} where that is still open. */
    static ElementType type(Tensor tensor, ElementType otherwise) {
        Storage storage = ((CudaTensor) tensor).storage();
        if (storage.type != null)
            return storage.type;
        return storage.fixed != null ? storage.fixed : otherwise;
    }

    private void dropRounded(Storage storage) {
        if (storage.rounded != null) {
            held -= storage.rounded.bytes();
            storage.rounded.close();
            storage.rounded = null;
        }
    }

    /** A tensor that an op works on in place. Where its type is still open it becomes {@code preferred}. */
    Matrix change(Tensor tensor, ElementType preferred) {
        Matrix matrix = read(tensor, preferred);
        dropRounded(((CudaTensor) tensor).storage());
        return matrix;
    }

    /** Room for the values of an f32 tensor rounded to bf16, which the op that changes it fills; see {@link Scratch#as}. */
    Matrix rounded(Tensor tensor) {
        Storage storage = ((CudaTensor) tensor).storage();
        if (storage.rounded == null) {
            storage.rounded = context.memory().allocate((long) storage.elements * ElementType.BF16.bytes(), stream);
            held += storage.rounded.bytes();
            peak = Math.max(peak, held);
        }
        return new Matrix(ElementType.BF16, storage.rounded.address(), tensor.rows(), tensor.columns());
    }

    /** A tensor that an op reads. Where its type is still open it becomes {@code preferred}. */
    Matrix read(Tensor tensor, ElementType preferred) {
        Storage storage = ((CudaTensor) tensor).storage();
        if (storage.pending != null) {
            materialise(storage, type(tensor, preferred));
            staging.upload(storage.pending, storage.type, storage.buffer);
            storage.pending = null;
        }
        requireWritten(tensor, storage);
        return matrix(tensor, storage);
    }

    /** A tensor that an op overwrites. Where its type is still open it becomes {@code preferred}. */
    Matrix write(Tensor tensor, ElementType preferred) {
        Storage storage = ((CudaTensor) tensor).storage();
        storage.pending = null;
        dropRounded(storage);
        if (storage.buffer == null)
            materialise(storage, type(tensor, preferred));
        return matrix(tensor, storage);
    }

    private static Matrix matrix(Tensor tensor, Storage storage) {
        return new Matrix(storage.type, storage.buffer.address(), tensor.rows(), tensor.columns());
    }

    private void materialise(Storage storage, ElementType type) {
        storage.buffer = context.memory().allocate((long) storage.elements * type.bytes(), stream);
        storage.type = type;
        held += storage.buffer.bytes();
        peak = Math.max(peak, held);
    }

    DeviceBuffer buffer(Tensor tensor) {
        return ((CudaTensor) tensor).storage().buffer;
    }

    /** Memory that one op needs while it runs; closing gives it back as soon as the stream is past the op. */
    Scratch scratch() {
        return new Scratch();
    }

    /** See {@link #scratch}. */
    final class Scratch implements AutoCloseable {
        private final List<DeviceBuffer> buffers = new ArrayList<>();

        DeviceBuffer bytes(long bytes) {
            DeviceBuffer buffer = context.memory().allocate(bytes, stream);
            buffers.add(buffer);
            held += bytes;
            peak = Math.max(peak, held);
            return buffer;
        }

        Matrix matrix(ElementType type, int rows, int columns) {
            return new Matrix(type, bytes((long) rows * columns * type.bytes()).address(), rows, columns);
        }

        /** Values of a Java array. */
        long floats(float[] values) {
            DeviceBuffer buffer = bytes((long) values.length * Float.BYTES);
            staging.upload(values, ElementType.F32, buffer);
            return buffer.address();
        }

        /** Values of a Java array. */
        long ints(int[] values) {
            DeviceBuffer buffer = bytes((long) values.length * Integer.BYTES);
            staging.upload(values, buffer);
            return buffer.address();
        }

        /** The tensor, or a copy of it rounded to (or widened to) {@code type} where it has another. */
        Matrix as(Tensor tensor, ElementType type) {
            Matrix own = read(tensor, type);
            if (own.type() == type)
                return own;
            DeviceBuffer rounded = ((CudaTensor) tensor).storage().rounded;
            if (type == ElementType.BF16 && rounded != null)
                return new Matrix(type, rounded.address(), own.rows(), own.columns());
            Matrix other = matrix(type, own.rows(), own.columns());
            cast.launch(stream, own, other);
            return other;
        }

        @Override
        public void close() {
            for (DeviceBuffer buffer : buffers) {
                held -= buffer.bytes();
                buffer.close();
            }
        }
    }
}
