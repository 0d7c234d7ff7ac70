package dev.crane.models.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import dev.crane.engine.CraneException;

/**
 * A vector of whole numbers in a file that {@code torch.save} wrote.
 *
 * @param storage the numbers that it is a part of
 * @param offset where it begins there
 * @param length how many numbers it has
 */
public record TorchTensor(Storage storage, int offset, int length) {
    /**
     * Numbers of one type that lie together, shared by any number of tensors.
     *
     * @param file for messages
     * @param width bytes of a number, 4 or 8
     * @param elements how many there are
     * @param bytes gives them, little-endian
     */
    record Storage(String file, int width, int elements, Bytes bytes) {}

    /** Gives a storage's bytes. */
    @FunctionalInterface
    interface Bytes {
        byte[] read();
    }

    /** The numbers. */
    public long[] longs() {
        byte[] bytes = storage.bytes.read();
        if (bytes.length < (long) storage.elements * storage.width)
            throw new CraneException(storage.file + ": is cut off: a storage of " + storage.elements + " numbers has " + bytes.length
                    + " bytes; download it again");
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long[] values = new long[length];
        for (int i = 0; i < length; i++) {
            int at = (offset + i) * storage.width;
            values[i] = storage.width == Long.BYTES ? buffer.getLong(at) : buffer.getInt(at);
        }
        return values;
    }
}
