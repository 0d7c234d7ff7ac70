package dev.crane.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

import static java.lang.foreign.ValueLayout.JAVA_INT;

/** Standard error as people need it: UTF-8 whatever the locale, and without the JVM's warning of the Vector API. */
final class StandardError {
    /** Set by the launcher: the descriptor that holds the real standard error, while descriptor 2 leads through a filter for that warning. */
    private static final String REAL_DESCRIPTOR = "dev.crane.stderr";
    private static final int DESCRIPTOR = 2;

    private StandardError() {
    }

    /** Takes over; before this only the JVM itself has printed. */
    static void install() {
        Integer real = Integer.getInteger(REAL_DESCRIPTOR);
        if (real != null) {
            duplicate(real, DESCRIPTOR); // if that fails the filter stays, and lets everything else pass
        }
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
    }

    /** Makes descriptor {@code to} another name of {@code from}; false if there is no {@code from}. */
    private static boolean duplicate(int from, int to) {
        Linker linker = Linker.nativeLinker();
        MethodHandle dup2 = linker.downcallHandle(linker.defaultLookup().find("dup2").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT,
                        JAVA_INT));
        try {
            return (int) dup2.invokeExact(from, to) == to;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
