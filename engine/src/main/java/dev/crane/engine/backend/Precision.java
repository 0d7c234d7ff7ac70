package dev.crane.engine.backend;

import java.util.Arrays;
import java.util.Locale;

import dev.crane.engine.CraneException;

/** What matrix products and the tensors around them are computed in. Weights stay as stored in the files, whatever this is. */
public enum Precision {
    /** f32 everywhere. */
    F32,
    /** Inputs of matrix products rounded to bf16, sums in f32; residual stream, statistics and scores in f32. */
    BF16;

    /** Its name as in {@code --precision}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The precision of this name; an unknown one is a user's error. */
    public static Precision named(String name) {
        return Arrays.stream(values()).filter(precision -> precision.label().equals(name.toLowerCase(Locale.ROOT))).findFirst()
                .orElseThrow(() -> new CraneException("unknown precision '" + name + "'; the precisions are f32 and bf16"));
    }
}
