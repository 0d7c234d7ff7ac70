package dev.crane.kernels.softdevice;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import dev.crane.cuda.Blas;
import dev.crane.cuda.Context;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Event;
import dev.crane.cuda.Kernel;
import dev.crane.cuda.Module;
import dev.crane.cuda.Nvrtc;
import dev.crane.cuda.Parameter;
import dev.crane.cuda.PinnedBuffer;
import dev.crane.cuda.Stream;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The Java layer over CUDA on the software device: what is right works, and each planted fault is found. */
@SoftwareDevice.Needs
class SoftwareDeviceTest {
    private static final int N = 256;
    private static final String SOURCE = """
            extern "C" __global__ void __launch_bounds__(256) scale(const float* x, float* y, float factor, int n) {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i < n)
                    y[i] = factor * x[i];
            }

            extern "C" __global__ void __launch_bounds__(256) mirror(const float* x, float* y) {
                __shared__ float kept[256];
                kept[threadIdx.x] = x[threadIdx.x];
            #ifndef WITHOUT_BARRIER
                __syncthreads();
            #endif
                y[threadIdx.x] = kept[255 - threadIdx.x];
            }

            extern "C" __global__ void __launch_bounds__(256) lonely(float* y) {
                if (threadIdx.x % 32 < 16)
                    y[threadIdx.x] = __shfl_xor_sync(0x0000ffffu, y[threadIdx.x], 16);
            }
            """;

    private Context context;
    private Stream stream;

    @BeforeEach
    void open() {
        SoftwareDevice.set("quiet", 1);
        SoftwareDevice.reports();
        context = Device.all().getFirst().open();
        stream = context.stream();
    }

    @AfterEach
    void close() {
        try {
            context.close();
        } catch (CudaException broken) {
            // a fault of the test's
        }
        SoftwareDevice.reports();
    }

    private Module module(String... options) {
        List<String> all = new ArrayList<>(List.of("--gpu-architecture=" + context.device().architecture()));
        all.addAll(List.of(options));
        return context.module(Nvrtc.compile("test.cu", SOURCE, Map.of(), all), "test.cu");
    }

    private PinnedBuffer ramp() {
        PinnedBuffer buffer = context.pinned(N * 4L);
        for (int i = 0; i < N; i++) {
            buffer.memory().setAtIndex(JAVA_FLOAT, i, i);
        }
        return buffer;
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(JAVA_FLOAT);
    }

    @Test
    void runsKernels() {
        Kernel scale = module().kernel("scale", Parameter.POINTER, Parameter.POINTER, Parameter.FLOAT, Parameter.INT);
        PinnedBuffer in = ramp();
        PinnedBuffer out = context.pinned(N * 4L);
        DeviceBuffer x = context.memory().allocate(N * 4L, stream);
        DeviceBuffer y = context.memory().allocate(N * 4L, stream);
        x.copyFrom(in.memory(), 0, stream);
        scale.pointer(x).pointer(y).real(3).integer(N).launch(stream, 2, 128, 0);
        y.copyTo(out.memory(), 0, stream);
        assertTrue(Float.isNaN(out.memory().getAtIndex(JAVA_FLOAT, 1)), "nothing runs before something waits");
        stream.synchronize();
        for (int i = 0; i < N; i++) {
            assertEquals(3f * i, out.memory().getAtIndex(JAVA_FLOAT, i));
        }
        assertEquals(List.of(), SoftwareDevice.reports());
    }

    @Test
    void multipliesMatrices() {
        try (Blas blas = new Blas(stream)) {
            int rows = 5;
            int columns = 7;
            int depth = 9;
            float[] a = new float[rows * depth];
            float[] b = new float[columns * depth];
            float[] bias = new float[columns];
            for (int i = 0; i < columns; i++) {
                bias[i] = i;
            }
            for (int i = 0; i < a.length; i++) {
                a[i] = i % 5 - 2;
            }
            for (int i = 0; i < b.length; i++) {
                b[i] = i % 7 - 3;
            }
            DeviceBuffer da = upload(a);
            DeviceBuffer db = upload(b);
            DeviceBuffer dbias = upload(bias);
            DeviceBuffer d = context.memory().allocate(rows * columns * 4L, stream);
            blas.multiply(new Blas.Product(rows, columns, depth, true, ElementType.F32, ElementType.F32, true), 2, da.address(),
                    db.address(), 0,
                    d.address(), dbias.address());
            float[] expected = new float[rows * columns];
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    for (int k = 0; k < depth; k++) {
                        expected[r * columns + c] += 2 * a[r * depth + k] * b[c * depth + k];
                    }
                    expected[r * columns + c] += bias[c];
                }
            }
            assertArrayEquals(expected, download(d));
        }
        assertEquals(List.of(), SoftwareDevice.reports());
    }

    private DeviceBuffer upload(float[] values) {
        DeviceBuffer buffer = context.memory().allocate(values.length * 4L, stream);
        try (Arena arena = Arena.ofConfined()) {
            buffer.copyFrom(arena.allocateFrom(JAVA_FLOAT, values), 0, stream); // not page-locked: taken before the call returns
        }
        return buffer;
    }

    private float[] download(DeviceBuffer buffer) {
        PinnedBuffer out = context.pinned(buffer.bytes());
        buffer.copyTo(out.memory(), 0, stream);
        stream.synchronize();
        return floats(out.memory());
    }

    @Test
    void findsRemovedBarrier() {
        float[] in = new float[N];
        float[] mirrored = new float[N];
        for (int i = 0; i < N; i++) {
            in[i] = i;
            mirrored[N - 1 - i] = i;
        }
        DeviceBuffer x = upload(in);
        DeviceBuffer y = context.memory().allocate(N * 4L, stream);
        module().kernel("mirror", Parameter.POINTER, Parameter.POINTER).pointer(x).pointer(y).launch(stream, 1, N, 0);
        assertArrayEquals(mirrored, download(y));
        module("-DWITHOUT_BARRIER").kernel("mirror", Parameter.POINTER, Parameter.POINTER).pointer(x).pointer(y).launch(stream, 1, N, 0);
        int wrong = 0;
        for (float value : download(y)) {
            wrong += Float.isNaN(value) ? 1 : 0;
        }
        assertTrue(wrong >= N / 2 - 16, wrong + " values are NaN"); // of each two threads that need each other's value, all but the later one's
    }

    @Test
    void findsShufflePastActiveMask() {
        DeviceBuffer y = upload(new float[N]);
        module().kernel("lonely", Parameter.POINTER).pointer(y).launch(stream, 1, N, 0);
        CudaException failure = assertThrows(CudaException.class, stream::synchronize);
        assertEquals("CUDA_ERROR_LAUNCH_FAILED", failure.error());
        String report = SoftwareDevice.reports().getFirst();
        assertTrue(report.matches(
                "kernel lonely, block \\(0,0,0\\), thread \\(\\d+,0,0\\): shuffle at test.cu:18 reads lane \\d+, which is not active: mask 0xffff"),
                report);
    }

    @Test
    void findsWriteOutOfBounds() {
        DeviceBuffer x = upload(new float[N]);
        DeviceBuffer y = context.memory().allocate(N * 4L - 4, stream);
        module().kernel("scale", Parameter.POINTER, Parameter.POINTER, Parameter.FLOAT, Parameter.INT).pointer(x).pointer(y).real(3)
                .integer(N)
                .launch(stream, 1, N, 0);
        CudaException failure = assertThrows(CudaException.class, stream::synchronize);
        assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", failure.error());
        String report = SoftwareDevice.reports().getFirst();
        assertTrue(report.matches("kernel scale wrote out of bounds: byte 1020 of device buffer \\d+ of 1020 bytes at .*"), report);
    }

    @Test
    void findsWrongSizeOfArgument() {
        Module module = module();
        CudaException failure = assertThrows(CudaException.class,
                () -> module.kernel("scale", Parameter.POINTER, Parameter.POINTER, Parameter.FLOAT, Parameter.LONG));
        assertTrue(failure.getMessage().contains("parameter 3 has 4 bytes at 20"), failure.getMessage());
    }

    @Test
    void findsMissingWait() {
        Kernel scale = module().kernel("scale", Parameter.POINTER, Parameter.POINTER, Parameter.FLOAT, Parameter.INT);
        PinnedBuffer in = ramp();
        DeviceBuffer x = context.memory().allocate(N * 4L, stream);
        DeviceBuffer y = context.memory().allocate(N * 4L, stream);
        Stream copies = context.stream();
        Event there = context.event();
        stream.synchronize();
        x.copyFrom(in.memory(), 0, copies);
        scale.pointer(x).pointer(y).real(1).integer(N).launch(stream, 1, N, 0);
        assertTrue(Float.isNaN(download(y)[7]), "the kernel did not wait for the copy");
        there.record(copies);
        stream.await(there);
        scale.pointer(x).pointer(y).real(1).integer(N).launch(stream, 1, N, 0);
        assertEquals(7, download(y)[7]);
    }

    @Test
    void findsLeakedBuffer() {
        SoftwareDevice.allocate(1000); // past the Java layer, which would give it back
        context.close();
        List<String> reports = SoftwareDevice.reports();
        assertEquals(1, reports.size());
        assertTrue(reports.getFirst().matches("leaked: device buffer \\d+ of 1000 bytes at .*"), reports.getFirst());
    }
}
