package dev.crane.kernels.softdevice;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

import dev.crane.bindings.NativeLibrary;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/** What the software device has beside the CUDA API: options and reports. */
final class SoftwareDevice {
    private static final MemoryLayout C_STRING = MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE);

    private SoftwareDevice() {
    }

    /** A test that needs it; skipped in a JVM whose CUDA driver is another, or none. */
    @Target(ElementType.TYPE)
    @Retention(RetentionPolicy.RUNTIME)
    @Tag("soft-device")
    @ExtendWith(Needed.class)
    @interface Needs {
    }

    /** Looks at the option by which the JVM was told where the CUDA driver is. */
    static final class Needed implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String folder = System.getProperty(NativeLibrary.CUDA.property(), "");
            if (!folder.contains("softdevice")) {
                return ConditionEvaluationResult.disabled("this JVM was not given the software device");
            }
            return Files.exists(Path.of(folder, "libcuda.so.1"))
                    ? ConditionEvaluationResult.enabled("")
                    : ConditionEvaluationResult.disabled("the software device was not built: it needs a C++ compiler");
        }
    }

    /** Sets an option; see {@code options.h} for what there is. */
    static void set(String option, long value) {
        try (Arena arena = Arena.ofConfined()) {
            Object known = call("crane_soft_device_set", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG), arena.allocateFrom(option),
                    value);
            if ((int) known == 0) {
                throw new IllegalArgumentException(option);
            }
        }
    }

    /** Takes device memory by a call of the driver. */
    static void allocate(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            Object status = call("cuMemAlloc_v2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG), arena.allocate(JAVA_LONG), bytes);
            if ((int) status != 0) {
                throw new AssertionError("status " + status);
            }
        }
    }

    /** What it has reported since the last time this was called. */
    static List<String> reports() {
        MemorySegment text = (MemorySegment) call("crane_soft_device_report", FunctionDescriptor.of(ADDRESS.withTargetLayout(C_STRING)));
        List<String> lines = text.getString(0).lines().toList();
        call("crane_soft_device_clear", FunctionDescriptor.ofVoid());
        return lines;
    }

    private static Object call(String function, FunctionDescriptor signature, Object... arguments) {
        try {
            return Linker.nativeLinker().downcallHandle(NativeLibrary.CUDA.symbols().find(function).orElseThrow(), signature)
                    .invokeWithArguments(arguments);
        } catch (Throwable failure) {
            throw new AssertionError(function, failure);
        }
    }
}
