package dev.crane.cuda;

import java.io.Serial;

/**
 * A call of the CUDA driver, cuBLASLt or NVRTC failed, or CUDA cannot be used on this machine. The message is one line: what was called with what,
 * the error's name, and what that means.
 */
public class CudaException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String error;
    private final String text;
    private final String call;

    /**
     * @param error the error's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
     * @param text what it means, and what can be done about it where that is known
     * @param call the function that failed, with the sizes or shapes it was called with
     */
    public CudaException(String error, String text, String call) {
        super("%s: %s (%s)".formatted(call, text, error));
        this.error = error;
        this.text = text;
        this.call = call;
    }

    /** @param message for a machine that cannot do what is wanted: one line that says what is missing and how to mend it */
    public CudaException(String message) {
        super(message);
        this.error = "";
        this.text = message;
        this.call = "";
    }

    /** The error's name as the library has it; empty where no call was made. */
    public String error() {
        return error;
    }

    /** What the error means. */
    public String text() {
        return text;
    }

    /** The function that failed and what it was called with; empty where no call was made. */
    public String call() {
        return call;
    }

    /** Whether the device (or page-locked host memory) had too little memory left: a smaller batch may do. */
    public boolean isOutOfMemory() {
        return error.equals("CUDA_ERROR_OUT_OF_MEMORY") || error.equals("CUBLAS_STATUS_ALLOC_FAILED");
    }

    /** Whether an image holds no code that this device can run. */
    public boolean isNoKernelForDevice() {
        return switch (error) {
            case "CUDA_ERROR_NO_BINARY_FOR_GPU", "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "CUDA_ERROR_INVALID_PTX", "CUDA_ERROR_INVALID_IMAGE",
                    "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "CUDA_ERROR_INVALID_SOURCE" ->
                true;
            default -> false;
        };
    }
}
