package dev.crane.models.hooks;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * NumPy's file of one array, version 1.0 (NEP 1): magic, version, length of the header, a Python dictionary padded with spaces so that the data begins at a
 * multiple of 64, then the data, little-endian and row-major.
 */
final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private Npy() {
    }

    static void write(FloatArray array, Path file) {
        try (AtomicFile atomic = AtomicFile.create(file)) {
            try {
                SafetensorsWriter.copy(MemorySegment.ofArray(header(array.shape())), atomic.channel());
                // The machines that Java runs on here are little-endian, as the file is.
                SafetensorsWriter.copy(array.segment(), atomic.channel());
            } catch (IOException e) {
                throw FileErrors.cannotWrite(file, e);
            }
            atomic.commit();
        }
    }

    private static byte[] header(int[] shape) {
        // A Python tuple of one element has a comma behind it.
        String sizes = Arrays.stream(shape).mapToObj(size -> size + ",").collect(Collectors.joining(" "));
        byte[] dictionary = ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + sizes + "), }").getBytes(StandardCharsets.US_ASCII);
        int length = Math.ceilDiv(MAGIC.length + Short.BYTES + dictionary.length + 1, ALIGNMENT) * ALIGNMENT;
        byte[] header = new byte[length];
        Arrays.fill(header, (byte) ' ');
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putShort((short) (length - MAGIC.length - Short.BYTES))
                .put(dictionary);
        header[length - 1] = '\n';
        return header;
    }
}
