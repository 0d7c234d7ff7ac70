package dev.crane.engine.backend.cuda;

/** The upper half of an f32. */
final class Bf16 {
    private Bf16() {
    }

    /** Rounded to nearest, ties to even; a NaN stays one. */
    static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value))
            return (short) ((bits >>> 16) | 0x40);
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
