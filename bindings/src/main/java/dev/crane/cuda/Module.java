package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

/** Code loaded on the device. */
public final class Module extends Resource {
    private final String name;
    private final MemorySegment handle;

    Module(Context context, byte[] image, String name) {
        super(context);
        this.name = name;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(image.length + 1L, 16); // PTX ends with a 0, which does no harm behind the others
            MemorySegment.copy(image, 0, bytes, JAVA_BYTE, 0, image.length);
            MemorySegment result = arena.allocate(ADDRESS);
            Driver.check(CudaDriver.cuModuleLoadData(result, bytes), "cuModuleLoadData", name, context.device().architecture());
            handle = result.get(ADDRESS, 0);
        }
        opened();
    }

    /**
     * A kernel of it.
     *
     * @param kernel its name in the source ({@code extern "C"})
     * @param parameters what it takes, in order
     * @throws CudaException if there is none of that name, or it takes other parameters
     */
    public Kernel kernel(String kernel, Parameter... parameters) {
        check();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment symbol = arena.allocateFrom(kernel);
            MemorySegment function = Driver.pointer("cuModuleGetFunction",
                    result -> CudaDriver.cuModuleGetFunction(result, handle, symbol), kernel, name);
            return new Kernel(this, kernel, function, parameters);
        }
    }

    @Override
    void free() {
        Driver.check(CudaDriver.cuModuleUnload(handle), "cuModuleUnload", name);
    }

    @Override
    public String toString() {
        return "module " + name;
    }
}
