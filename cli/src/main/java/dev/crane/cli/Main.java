package dev.crane.cli;

/** Placeholder. */
public final class Main {
    private Main() {
    }
}
