package dev.crane.kernels;

import java.util.List;

/** The CUDA kernels in this build. */
public final class KernelLibrary {
    private KernelLibrary() {
    }

    /** The ops that have a CUDA kernel. There are none yet: every op runs on the CPU. */
    public static List<String> ops() {
        return List.of();
    }
}
