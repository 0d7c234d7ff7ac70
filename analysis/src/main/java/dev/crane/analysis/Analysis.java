package dev.crane.analysis;

/** Placeholder. */
public final class Analysis {
    private Analysis() {
    }
}
