package dev.crane.kernels;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Kernel;
import dev.crane.cuda.Parameter;

/** The kernels of one source that take the same arguments, one for each element type; each is loaded when it is first launched. */
final class Instances {
    /** Threads of a block, as the kernels' launch bounds have it. */
    static final int THREADS = 256;

    private final KernelLibrary library;
    private final String source;
    private final String rule;
    private final Parameter[] parameters;
    private final Map<String, Kernel> loaded = new HashMap<>();

    Instances(KernelLibrary library, String source, Parameter... parameters) {
        this(library, source, null, parameters);
    }

    /** @param rule the rule that the source is compiled with, or null if it takes none */
    Instances(KernelLibrary library, String source, String rule, Parameter... parameters) {
        this.library = library;
        this.source = source;
        this.rule = rule;
        this.parameters = parameters.clone();
    }

    /** The kernel of a name. */
    Kernel named(String name) {
        return loaded.computeIfAbsent(name,
                n -> rule == null ? library.kernel(source, n, parameters) : library.kernel(source, rule, n, parameters));
    }

    /** The instance {@code kernel_TYPE}, or for several types {@code kernel_TYPE_TYPE}. */
    Kernel of(String kernel, ElementType... types) {
        return named(name(kernel, types));
    }

    /** The name of an instance: {@code kernel_TYPE}. */
    static String name(String kernel, ElementType... types) {
        StringBuilder name = new StringBuilder(kernel);
        for (ElementType type : types)
            name.append('_').append(type.name().toLowerCase(Locale.ROOT));
        return name.toString();
    }

    /** Blocks for so many items, the last one perhaps not full. */
    static int blocks(long items, int itemsPerBlock) {
        return Math.toIntExact(Math.ceilDiv(items, itemsPerBlock));
    }

    /** Blocks for kernels that give each thread {@code vector} elements of a row. */
    static int rowBlocks(Matrix x, int vector) {
        long pieces = (long) x.rows() * Math.ceilDiv(x.columns(), vector);
        if (pieces > Integer.MAX_VALUE)
            throw new IllegalArgumentException("too many elements for one launch: " + x);
        return blocks(pieces, THREADS);
    }

    /** Blocks for kernels that give each thread {@code vector} elements, whatever the rows. */
    static int flatBlocks(long elements, int vector) {
        return blocks(elements, THREADS * vector);
    }

    /** How many elements make 16 bytes. */
    static int vector(ElementType type) {
        return 16 / type.bytes();
    }

    /** Threads, whole warps, for a row of which each thread takes {@code vector} elements at a time. */
    static int rowThreads(int columns, int vector) {
        return Math.clamp(Math.ceilDiv(columns, 32 * vector) * 32L, 32, THREADS);
    }
}
