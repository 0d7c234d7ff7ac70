package dev.crane.models.safetensors;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/** Checksums of large data, a block at a time, on all cores. */
final class BlockChecksums {
    /** Large enough to make the work of a block outweigh handing it out, small enough to share 100 MB among 8 cores. */
    static final int BLOCK_BYTES = 1 << 23;

    private BlockChecksums() {
    }

    /** The CRC-32C of each block in turn, four bytes each. CRC-32C because processors have an instruction for it. */
    static ByteBuffer of(MemorySegment data) {
        int blocks = Math.toIntExact(Math.ceilDiv(data.byteSize(), BLOCK_BYTES));
        int[] sums = IntStream.range(0, blocks).parallel().map(block -> {
            long begin = (long) block * BLOCK_BYTES;
            CRC32C crc = new CRC32C();
            crc.update(data.asSlice(begin, Math.min(BLOCK_BYTES, data.byteSize() - begin)).asByteBuffer());
            return (int) crc.getValue();
        }).toArray();
        ByteBuffer bytes = ByteBuffer.allocate(4 * blocks);
        bytes.asIntBuffer().put(sums);
        return bytes;
    }
}
