package dev.crane.models.tokenizer.sentencepiece;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A message in the wire format of protocol buffers, read field by field; nothing is kept. See <a
 * href="https://protobuf.dev/programming-guides/encoding/">the encoding</a>.
 */
final class ProtobufMessage {
    /** What is wrong with a message. */
    static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1L;

        DamagedException(String what) {
            super(what);
        }
    }

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;
    private static final int LONGEST_VARINT = 10;

    private final ByteBuffer bytes;
    private int wireType;
    private long number;
    private ByteBuffer content;

    /** A message that is all of {@code bytes}. */
    ProtobufMessage(ByteBuffer bytes) {
        this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Goes on to the next field and gives its number, or 0 at the message's end. */
    int next() throws DamagedException {
        if (!bytes.hasRemaining()) {
            return 0;
        }
        long key = varint();
        wireType = (int) key & 7;
        content = null;
        switch (wireType) {
            case VARINT -> number = varint();
            case FIXED64 -> number = need(Long.BYTES).getLong();
            case FIXED32 -> number = need(Integer.BYTES).getInt();
            case LENGTH_DELIMITED -> {
                long length = varint();
                if (length < 0 || length > bytes.remaining()) {
                    throw new DamagedException(
                            "a field of " + Long.toUnsignedString(length) + " bytes where " + bytes.remaining() + " are left");
                }
                content = bytes.slice(bytes.position(), (int) length);
                bytes.position(bytes.position() + (int) length);
            }
            default -> throw new DamagedException("a field of the unknown wire type " + wireType);
        }
        long field = key >>> 3;
        if (field < 1 || field > Integer.MAX_VALUE) {
            throw new DamagedException("a field with the number " + field);
        }
        return (int) field;
    }

    private ByteBuffer need(int count) throws DamagedException {
        if (bytes.remaining() < count) {
            throw new DamagedException("it ends in the middle of a field");
        }
        return bytes;
    }

    private long varint() throws DamagedException {
        long value = 0;
        for (int i = 0; i < LONGEST_VARINT; i++) {
            byte b = need(1).get();
            value |= (long) (b & 0x7F) << (7 * i);
            if (b >= 0) {
                return value;
            }
        }
        throw new DamagedException("a number of more than " + LONGEST_VARINT + " bytes");
    }

    private void expect(int type) throws DamagedException {
        if (wireType != type) {
            throw new DamagedException("a field of the wire type " + wireType + " where " + type + " belongs");
        }
    }

    /** The field's whole number. */
    int integer() throws DamagedException {
        expect(VARINT);
        return (int) number;
    }

    /** The field's truth value. */
    boolean flag() throws DamagedException {
        expect(VARINT);
        return number != 0;
    }

    /** The field's 32-bit number. */
    float real() throws DamagedException {
        expect(FIXED32);
        return Float.intBitsToFloat((int) number);
    }

    /** The field's bytes, a view. */
    ByteBuffer content() throws DamagedException {
        expect(LENGTH_DELIMITED);
        return content;
    }

    /** The field's text. */
    String text() throws DamagedException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(content().duplicate()).toString();
        } catch (CharacterCodingException e) {
            throw new DamagedException("a text that is not UTF-8");
        }
    }
}
