package dev.crane.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

/** Asks the system about the terminal, if there is one; the JDK only tells whether both ends are one. */
final class Terminal {
    static final int STANDARD_OUTPUT = 1;
    static final int STANDARD_ERROR = 2;

    private static final int DEFAULT_COLUMNS = 80;
    private static final boolean MAC = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
    private static final long TIOCGWINSZ = MAC ? 0x40087468L : 0x5413L; // "tell the window's size", sys/ioctl.h

    private Terminal() {
    }

    /** Whether {@code descriptor} leads to a terminal. */
    static boolean isTerminal(int descriptor) {
        Optional<MemorySegment> isatty = Linker.nativeLinker().defaultLookup().find("isatty");
        if (isatty.isEmpty()) {
            return false;
        }
        MethodHandle handle = Linker.nativeLinker().downcallHandle(isatty.get(), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        try {
            return (int) handle.invokeExact(descriptor) == 1;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    /** Width of the terminal behind {@code descriptor} in columns; 80 if it is none. */
    static int columns(int descriptor) {
        Optional<MemorySegment> ioctl = Linker.nativeLinker().defaultLookup().find("ioctl");
        if (ioctl.isEmpty()) {
            return DEFAULT_COLUMNS;
        }
        MethodHandle handle = Linker.nativeLinker().downcallHandle(ioctl.get(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                Linker.Option.firstVariadicArg(2));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_SHORT, 4); // struct winsize: rows, columns, and two unused
            int status = (int) handle.invokeExact(descriptor, TIOCGWINSZ, size);
            int columns = size.getAtIndex(JAVA_SHORT, 1);
            return status == 0 && columns > 0 ? columns : DEFAULT_COLUMNS;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
