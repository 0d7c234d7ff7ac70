package dev.crane.engine.tensor;

/** The element types of safetensors files, by their names there, with their widths in bits. */
public enum DType {
    BOOL(8), U8(8), I8(8), F8_E5M2(8), F8_E4M3(8), F8_E8M0(8), I16(16), U16(16), F16(16), BF16(16), I32(32), U32(32), F32(32), F64(64), I64(
            64), U64(
                    64), C64(64), F4(4), F6_E2M3(6), F6_E3M2(6);

    private final int bits;

    DType(int bits) {
        this.bits = bits;
    }

    /** Width of one element in bits. */
    public int bits() {
        return bits;
    }

    /** Whether the engine computes with weights of this type as they are stored. */
    public boolean isWeight() {
        return this == F32 || this == F16 || this == BF16;
    }
}
