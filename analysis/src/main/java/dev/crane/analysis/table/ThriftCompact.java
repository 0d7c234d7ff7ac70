package dev.crane.analysis.table;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes structures in Thrift's compact protocol, in which Parquet keeps its page headers and its footer: each field is the difference of its number from
 * that of the field before, its type, and its value; whole numbers are zigzag varints.
 */
final class ThriftCompact {
    private static final int I32 = 5;
    private static final int I64 = 6;
    private static final int BINARY = 8;
    private static final int LIST = 9;
    private static final int STRUCT = 12;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Deque<Integer> outer = new ArrayDeque<>();
    private int last;

    /** A field that is a 32-bit number. */
    ThriftCompact i32(int field, int value) {
        header(field, I32);
        return varint(zigzag(value));
    }

    /** A field that is a 64-bit number. */
    ThriftCompact i64(int field, long value) {
        header(field, I64);
        return varint(zigzag(value));
    }

    /** A field that is a text. */
    ThriftCompact text(int field, String value) {
        header(field, BINARY);
        return text(value);
    }

    /** A field that is a structure; its fields follow, and {@link #end}. */
    ThriftCompact struct(int field) {
        header(field, STRUCT);
        return begin();
    }

    /** A field that is a list of structures; that many follow, each after {@link #begin} and before {@link #end}. */
    ThriftCompact structs(int field, int size) {
        return list(field, size, STRUCT);
    }

    /** A field that is a list of 32-bit numbers. */
    ThriftCompact numbers(int field, int... values) {
        list(field, values.length, I32);
        for (int value : values)
            varint(zigzag(value));
        return this;
    }

    /** A field that is a list of texts. */
    ThriftCompact texts(int field, String... values) {
        list(field, values.length, BINARY);
        for (String value : values)
            text(value);
        return this;
    }

    /** Begins a structure that is an item of a list, or the outermost one. */
    ThriftCompact begin() {
        outer.push(last);
        last = 0;
        return this;
    }

    /** Ends a structure. */
    ThriftCompact end() {
        out.write(0);
        last = outer.pop();
        return this;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    private ThriftCompact text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        varint(utf8.length);
        out.writeBytes(utf8);
        return this;
    }

    private ThriftCompact list(int field, int size, int type) {
        header(field, LIST);
        if (size < 15) {
            out.write((size << 4) | type);
            return this;
        }
        out.write(0xf0 | type);
        return varint(size);
    }

    private void header(int field, int type) {
        if (field <= last || field - last > 15)
            throw new IllegalArgumentException("field " + field + " after " + last);
        out.write(((field - last) << 4) | type);
        last = field;
    }

    private static long zigzag(long value) {
        return (value << 1) ^ (value >> 63);
    }

    private ThriftCompact varint(long value) {
        writeVarint(out, value);
        return this;
    }

    /** Seven bits a byte, the lowest first, the highest bit set where more follow. */
    static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
