package dev.crane.engine.backend;

import dev.crane.engine.tensor.DType;

/** A model's parameter made ready by {@link Backend#weight}: a matrix [out, in] or a vector [out] (then {@code in} is 1), in the type it is stored in. */
public interface Weight {
    /** Its name in the file. */
    String name();

    /** F32, F16 or BF16. */
    DType dtype();

    /** Output rows; the length of a vector. */
    int out();

    /** Input columns; 1 for a vector. */
    int in();

    /** Bytes that an op reads when it reads all of it: as stored in the file, unless the backend holds it in another type. */
    default long bytes() {
        return (long) out() * in() * dtype().bits() / Byte.SIZE;
    }
}
