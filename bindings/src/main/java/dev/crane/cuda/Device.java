package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;
import dev.crane.bindings.cuda.CudaDriver;

/**
 * A GPU.
 *
 * @param ordinal its number, from 0, among those the driver shows this process
 * @param name its maker's name for it
 * @param major compute capability before the point
 * @param minor compute capability behind the point
 * @param memory bytes of device memory
 * @param multiprocessors number of streaming multiprocessors
 * @param sharedMemoryPerBlock most shared memory a block can ask for, in bytes
 * @param memoryPools whether it has stream-ordered memory pools
 */
public record Device(int ordinal, String name, int major, int minor, long memory, int multiprocessors, int sharedMemoryPerBlock,
        boolean memoryPools) {
    private static final int NAME_BYTES = 256;

    /**
     * All GPUs that the driver shows.
     *
     * @throws CudaException if there is no driver, it is too old, or there is no GPU; the message says how to mend it
     */
    public static List<Device> all() {
        Driver.start();
        return IntStream.range(0, Driver.integer("cuDeviceGetCount", CudaDriver::cuDeviceGetCount)).mapToObj(Device::of).toList();
    }

    private static Device of(int ordinal) {
        int handle = handle(ordinal);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            Driver.check(CudaDriver.cuDeviceGetName(name, NAME_BYTES, handle), "cuDeviceGetName", ordinal);
            return new Device(ordinal, name.getString(0), attribute(handle, CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR()),
                    attribute(handle, CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR()),
                    Driver.longInteger("cuDeviceTotalMem", bytes -> CudaDriver.cuDeviceTotalMem_v2(bytes, handle), ordinal),
                    attribute(handle, CudaDriver.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT()),
                    attribute(handle, CudaDriver.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN()),
                    attribute(handle, CudaDriver.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED()) != 0);
        }
    }

    private static int attribute(int handle, int attribute) {
        return Driver.integer("cuDeviceGetAttribute", value -> CudaDriver.cuDeviceGetAttribute(value, attribute, handle), attribute);
    }

    private static int handle(int ordinal) {
        return Driver.integer("cuDeviceGet", device -> CudaDriver.cuDeviceGet(device, ordinal), ordinal);
    }

    int handle() {
        return handle(ordinal);
    }

    /** The architecture that code for it is compiled for, such as {@code sm_90}. */
    public String architecture() {
        return "sm_" + major + minor;
    }

    /** The newest CUDA that the driver knows, such as {@code 13.0}. */
    public static String driverVersion() {
        return switch (NativeLibrary.CUDA.find()) {
            case LibraryResult.Found found -> found.version();
            case LibraryResult.Missing missing -> throw new CudaException(missing.advice());
        };
    }

    /** Uses the device; everything else is made from the context. */
    public Context open() {
        return new Context(this);
    }
}
