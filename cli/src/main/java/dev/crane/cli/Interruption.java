package dev.crane.cli;

/** Says a word when the process is stopped from outside (Ctrl-C, {@code kill}); the JVM then exits with 128 + the signal's number. */
public final class Interruption {
    private static volatile String hint = "";
    private static volatile boolean over;

    private Interruption() {
    }

    /** Tells what to say beyond "interrupted": a command that can go on where it was says so here. */
    public static void resumable() {
        hint = "; the same command goes on where it was";
    }

    static void install() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!over) {
                ProgressDisplay.clearLine(System.err);
                System.err.println("crane: interrupted" + hint);
                System.err.flush();
            }
        }, "interruption"));
    }

    /** The process ends by itself now. */
    static void over() {
        over = true;
    }
}
