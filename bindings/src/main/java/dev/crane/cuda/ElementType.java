package dev.crane.cuda;

import dev.crane.bindings.cublas.Cublas;

/** What matrices on the device hold. */
public enum ElementType {
    /** IEEE single precision. */
    F32(4, Cublas.CUDA_R_32F()),
    /** The upper half of an {@link #F32}. */
    BF16(2, Cublas.CUDA_R_16BF()),
    /** IEEE half precision. */
    F16(2, Cublas.CUDA_R_16F());

    private final int bytes;
    private final int code;

    ElementType(int bytes, int code) {
        this.bytes = bytes;
        this.code = code;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }

    /** Its {@code cudaDataType_t}. */
    int code() {
        return code;
    }
}
