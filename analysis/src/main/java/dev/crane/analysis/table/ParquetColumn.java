package dev.crane.analysis.table;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** The cells of one column of a row group, until they are encoded. */
final class ParquetColumn {
    private static final int GZIP = 2;
    private static final int PLAIN = 0;
    private static final int RLE = 3;
    private static final int RLE_DICTIONARY = 8;
    private static final int DATA_PAGE = 0;
    private static final int DICTIONARY_PAGE = 2;

    private final Column column;
    /** Texts in the order in which they came, with their numbers. */
    private final Map<String, Integer> dictionary = new LinkedHashMap<>();
    /** Of texts their numbers; otherwise the bits of the cells. */
    private long[] cells = new long[1024];
    private int rows;

    ParquetColumn(Column column) {
        this.column = column;
    }

    static int physicalType(Column.Type type) {
        return switch (type) {
            case INT -> 1;
            case LONG -> 2;
            case FLOAT -> 4;
            case DOUBLE -> 5;
            case TEXT -> 6; // BYTE_ARRAY
        };
    }

    void add(Object cell) {
        if (rows == cells.length)
            cells = Arrays.copyOf(cells, 2 * rows);
        cells[rows++] = switch (column.type()) {
            case TEXT -> {
                Integer number = dictionary.putIfAbsent((String) cell, dictionary.size());
                yield number == null ? dictionary.size() - 1 : number;
            }
            case INT -> (Integer) cell;
            case LONG -> (Long) cell;
            case FLOAT -> Float.floatToRawIntBits((Float) cell);
            case DOUBLE -> Double.doubleToLongBits((Double) cell); // one bit pattern for every NaN
        };
    }

    /**
     * A chunk that is encoded.
     *
     * @param bytes its pages, with their headers; empty once they are written
     * @param begin where in the file they begin
     * @param data where its data page begins
     * @param rows how many cells
     * @param unpacked bytes before packing
     * @param packed bytes of the pages
     */
    record Chunk(byte[] bytes, long begin, long data, int rows, long unpacked, long packed) {
        /** What the footer needs to know of it. */
        Chunk written() {
            return new Chunk(new byte[0], begin, data, rows, unpacked, packed);
        }

        /** Writes {@code ColumnChunk}. */
        void write(ThriftCompact out, Column column) {
            boolean text = column.type() == Column.Type.TEXT;
            out.begin().i64(2, begin).struct(3).i32(1, physicalType(column.type()));
            out.numbers(2, text ? new int[]{PLAIN, RLE, RLE_DICTIONARY} : new int[]{PLAIN, RLE}).texts(3, column.name()).i32(4, GZIP)
                    .i64(5, rows).i64(6, unpacked).i64(7, packed).i64(9, data);
            if (text)
                out.i64(11, begin);
            out.end().end();
        }
    }

    /** Encodes the cells for a place in the file, and begins anew. */
    Chunk end(long begin) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long unpacked = 0;
        if (column.type() == Column.Type.TEXT) {
            byte[] texts = texts();
            int size = dictionary.size();
            unpacked += page(out, texts, DICTIONARY_PAGE, header -> header.struct(7).i32(1, size).i32(2, PLAIN).end());
        }
        long data = begin + out.size();
        int count = rows;
        int encoding = column.type() == Column.Type.TEXT ? RLE_DICTIONARY : PLAIN;
        unpacked += page(out, values(), DATA_PAGE, header -> header.struct(5).i32(1, count).i32(2, encoding).i32(3, RLE).i32(4, RLE).end());
        dictionary.clear();
        rows = 0;
        return new Chunk(out.toByteArray(), begin, data, count, unpacked, out.size());
    }

    private interface Kind {
        void write(ThriftCompact header);
    }

    /** Writes a page; returns its size, header included, before packing. */
    private static long page(ByteArrayOutputStream out, byte[] content, int type, Kind kind) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(content);
        }
        ThriftCompact header = new ThriftCompact().begin().i32(1, type).i32(2, content.length).i32(3, packed.size());
        kind.write(header);
        byte[] bytes = header.end().bytes();
        out.writeBytes(bytes);
        packed.writeTo(out);
        return (long) bytes.length + content.length;
    }

    // ---- encodings ----

    private byte[] texts() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String text : dictionary.keySet()) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            out.writeBytes(length(utf8.length));
            out.writeBytes(utf8);
        }
        return out.toByteArray();
    }

    private byte[] values() {
        return switch (column.type()) {
            case TEXT -> {
                int bits = Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(dictionary.size() - 1));
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.write(bits);
                runs(out, bits, cells);
                yield out.toByteArray();
            }
            case INT, FLOAT -> {
                byte[] bytes = new byte[rows * Integer.BYTES];
                ByteBuffer out = little(bytes);
                for (int i = 0; i < rows; i++)
                    out.putInt((int) cells[i]);
                yield bytes;
            }
            case LONG -> {
                byte[] bytes = new byte[rows * Long.BYTES];
                ByteBuffer out = little(bytes);
                for (int i = 0; i < rows; i++)
                    out.putLong(cells[i]);
                yield bytes;
            }
            case DOUBLE -> optional();
        };
    }

    /** Which cells are there, as runs of 1 and 0 behind the number of their bytes; then those that are. */
    private byte[] optional() {
        long nothing = Double.doubleToLongBits(Double.NaN);
        long[] there = new long[rows];
        byte[] bytes = new byte[rows * Long.BYTES];
        ByteBuffer values = little(bytes);
        for (int i = 0; i < rows; i++)
            if (cells[i] != nothing) {
                there[i] = 1;
                values.putLong(cells[i]);
            }
        ByteArrayOutputStream levels = new ByteArrayOutputStream();
        runs(levels, 1, there);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(length(levels.size()));
        out.writeBytes(levels.toByteArray());
        out.write(bytes, 0, values.position());
        return out.toByteArray();
    }

    /** Run-length encoding: the run's length times two, and the value in whole bytes. What varies from cell to cell takes more this way than packed bits would. */
    private void runs(ByteArrayOutputStream out, int bits, long[] numbers) {
        for (int from = 0; from < rows;) {
            int to = from + 1;
            while (to < rows && numbers[to] == numbers[from])
                to++;
            ThriftCompact.writeVarint(out, (long) (to - from) << 1);
            for (int shift = 0; shift < bits; shift += Byte.SIZE)
                out.write((int) (numbers[from] >>> shift));
            from = to;
        }
    }

    private static byte[] length(int length) {
        byte[] bytes = new byte[Integer.BYTES];
        little(bytes).putInt(length);
        return bytes;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
