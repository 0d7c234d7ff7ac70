package dev.crane.kernels;

/** Placeholder. */
public final class KernelLibrary {
    private KernelLibrary() {
    }
}
