package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.bindings.NativeLibrary;
import dev.crane.bindings.cuda.CudaDriver;
import dev.crane.cuda.Parameter.Kind;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * A function on the device. Its arguments are given one after another, each by the method of its kind, then it is launched:
 *
 * <pre>{@code kernel.pointer(x.address()).integer(rows).real(eps).launch(stream, rows, 1, 1, 256, 0);}</pre>
 *
 * The arguments lie in memory of the kernel's own, which the driver has read when {@code launch} returns: a launch allocates nothing.
 */
public final class Kernel {
    /** What a block gets, static and dynamic together, without asking the driver for more. */
    private static final int DEFAULT_SHARED_BYTES = 48 << 10;

    private final Module module;
    private final String name;
    private final MemorySegment function;
    private final Parameter[] parameters;
    private final long[] offsets;
    private final MemorySegment values;
    private final MemorySegment pointers;
    private int next;
    private int sharedBytes;

    Kernel(Module module, String name, MemorySegment function, Parameter[] parameters) {
        this.module = module;
        this.name = name;
        this.function = function;
        this.parameters = parameters.clone();
        offsets = new long[parameters.length];
        long size = 0;
        for (int i = 0; i < parameters.length; i++) {
            offsets[i] = size + (-size & parameters[i].alignment() - 1);
            size = offsets[i] + parameters[i].bytes();
        }
        checkParameters();
        sharedBytes = DEFAULT_SHARED_BYTES - attribute(CudaDriver.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES());
        values = Arena.ofAuto().allocate(Math.max(size, 1), 16);
        pointers = Arena.ofAuto().allocate(ADDRESS, Math.max(parameters.length, 1));
        for (int i = 0; i < parameters.length; i++) {
            pointers.setAtIndex(ADDRESS, i, values.asSlice(offsets[i]));
        }
    }

    /** Compares what the caller thinks the kernel takes with what the compiler made of it; drivers before 12.4 cannot tell. */
    private void checkParameters() {
        if (!NativeLibrary.CUDA.supports("cuFuncGetParamInfo")) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(JAVA_LONG);
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            for (int i = 0; i <= parameters.length; i++) {
                int status = CudaDriver.cuFuncGetParamInfo(function, i, offset, bytes);
                boolean has = status != CudaDriver.CUDA_ERROR_INVALID_VALUE();
                if (has) {
                    Driver.check(status, "cuFuncGetParamInfo", name, i);
                }
                if (has != i < parameters.length) {
                    throw mismatch(has
                            ? "it has more than the %d given".formatted(parameters.length)
                            : "it has %d, %d were given".formatted(i, parameters.length));
                }
                if (has && (offset.get(JAVA_LONG, 0) != offsets[i] || bytes.get(JAVA_LONG, 0) != parameters[i].bytes())) {
                    throw mismatch(
                            "parameter %d has %d bytes at %d, and %s of %d bytes at %d was given".formatted(i, bytes.get(JAVA_LONG, 0),
                                    offset.get(JAVA_LONG, 0), parameters[i].kind(), parameters[i].bytes(), offsets[i]));
                }
            }
        }
    }

    private CudaException mismatch(String what) {
        return new CudaException("kernel %s of %s takes other parameters: %s".formatted(name, module, what));
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** The next argument: an address on the device, or 0. */
    public Kernel pointer(long address) {
        values.set(JAVA_LONG, take(Kind.POINTER), address);
        return this;
    }

    /** The next argument: a buffer. */
    public Kernel pointer(DeviceBuffer buffer) {
        return pointer(buffer.address());
    }

    /** The next argument: an {@code int}. */
    public Kernel integer(int value) {
        values.set(JAVA_INT, take(Kind.INT), value);
        return this;
    }

    /** The next argument: a {@code long long}. */
    public Kernel longInteger(long value) {
        values.set(JAVA_LONG, take(Kind.LONG), value);
        return this;
    }

    /** The next argument: a {@code float}. */
    public Kernel real(float value) {
        values.set(JAVA_FLOAT, take(Kind.FLOAT), value);
        return this;
    }

    /** The next argument: a struct, copied from all of {@code value}. */
    public Kernel struct(MemorySegment value) {
        int at = next;
        long offset = take(Kind.STRUCT);
        if (value.byteSize() != parameters[at].bytes()) {
            throw new IllegalArgumentException(
                    "%s takes a struct of %d bytes at %d, not %d".formatted(name, parameters[at].bytes(), at, value.byteSize()));
        }
        MemorySegment.copy(value, JAVA_BYTE, 0, values, JAVA_BYTE, offset, value.byteSize());
        return this;
    }

    private long take(Kind kind) {
        if (next >= parameters.length || parameters[next].kind() != kind) {
            int at = next;
            next = 0;
            throw new IllegalArgumentException(at >= parameters.length
                    ? "%s takes %d arguments".formatted(name, parameters.length)
                    : "%s takes %s as argument %d, not %s".formatted(name, parameters[at].kind(), at, kind));
        }
        return offsets[next++];
    }

    /** Enqueues it over a one-dimensional grid. */
    public void launch(Stream stream, int blocks, int threads, int sharedMemory) {
        launch(stream, blocks, 1, 1, threads, sharedMemory);
    }

    /**
     * Enqueues it. A grid without blocks enqueues nothing.
     *
     * @param gridX blocks in x
     * @param gridY blocks in y, at most 65,535
     * @param gridZ blocks in z, at most 65,535
     * @param threads threads of a block
     * @param sharedMemory bytes of dynamic shared memory
     */
    public void launch(Stream stream, int gridX, int gridY, int gridZ, int threads, int sharedMemory) {
        if (next != parameters.length) {
            int given = next;
            next = 0;
            throw new IllegalStateException("%s takes %d arguments, %d were given".formatted(name, parameters.length, given));
        }
        next = 0;
        module.check();
        if (gridX == 0 || gridY == 0 || gridZ == 0) {
            return;
        }
        if (sharedMemory > sharedBytes) {
            Driver.check(
                    CudaDriver.cuFuncSetAttribute(function, CudaDriver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(), sharedMemory),
                    "cuFuncSetAttribute", name, sharedMemory + " bytes of shared memory");
            sharedBytes = sharedMemory;
        }
        Profile profile = module.context.profile();
        if (profile != null) {
            profile.begin(stream);
        }
        int status = CudaDriver.cuLaunchKernel(function, gridX, gridY, gridZ, threads, 1, 1, sharedMemory, stream.handle(), pointers,
                MemorySegment.NULL);
        if (status != 0) {
            throw Driver.failure(status, "cuLaunchKernel", name, "grid %d × %d × %d".formatted(gridX, gridY, gridZ), threads + " threads",
                    sharedMemory + " bytes of shared memory");
        }
        if (profile != null) {
            profile.end(stream, name, 0);
        }
    }

    /** Registers a thread uses. */
    public int registers() {
        return attribute(CudaDriver.CU_FUNC_ATTRIBUTE_NUM_REGS());
    }

    /** Bytes a thread spills to local memory. */
    public int localBytes() {
        return attribute(CudaDriver.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES());
    }

    private int attribute(int attribute) {
        module.check();
        return Driver.integer("cuFuncGetAttribute", value -> CudaDriver.cuFuncGetAttribute(value, attribute, function), name, attribute);
    }

    @Override
    public String toString() {
        return name + " of " + module;
    }
}
