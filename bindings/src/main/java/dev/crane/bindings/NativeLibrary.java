package dev.crane.bindings;

/** Placeholder. */
public final class NativeLibrary {
    private NativeLibrary() {
    }
}
