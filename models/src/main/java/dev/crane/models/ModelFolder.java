package dev.crane.models;

/** Placeholder. */
public final class ModelFolder {
    private ModelFolder() {
    }
}
