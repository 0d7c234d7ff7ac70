package dev.crane.engine;

/** Placeholder. */
public final class Engine {
    private Engine() {
    }
}
