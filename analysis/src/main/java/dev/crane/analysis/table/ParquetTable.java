package dev.crane.analysis.table;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import dev.crane.engine.CraneVersion;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;

/**
 * A table as an Apache Parquet file (format 1): row groups of {@value #GROUP_ROWS} rows, in each a chunk a column, in a chunk one data page behind the
 * dictionary of a column of texts, packed with gzip. Columns are required, but for those of {@link Column.Type#DOUBLE}, which are optional: a NaN is null.
 * The encoding is the format's specification's, github.com/apache/parquet-format.
 */
final class ParquetTable implements TableWriter {
    /** A page of 8-byte numbers is then 2 MiB before it is packed. */
    static final int GROUP_ROWS = 1 << 18;
    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int REQUIRED = 0;
    private static final int OPTIONAL = 1;
    private static final int CONVERTED_UTF8 = 0;

    private final Path file;
    private final AtomicFile atomic;
    private final List<Column> columns;
    private final Map<String, String> metadata;
    private final List<ParquetColumn> open = new ArrayList<>();
    private final List<Group> groups = new ArrayList<>();
    private int rowsOpen;

    private record Group(List<ParquetColumn.Chunk> chunks, int rows) {}

    ParquetTable(Path file, List<Column> columns, Map<String, String> metadata) {
        this.file = file;
        this.columns = List.copyOf(columns);
        this.metadata = Map.copyOf(metadata);
        columns.forEach(column -> open.add(new ParquetColumn(column)));
        atomic = AtomicFile.create(file);
        write(MAGIC);
    }

    @Override
    public void row(Object... cells) {
        if (cells.length != columns.size())
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        for (int c = 0; c < cells.length; c++)
            open.get(c).add(cells[c]);
        rowsOpen++;
        if (rowsOpen == GROUP_ROWS)
            endGroup();
    }

    private void endGroup() {
        if (rowsOpen == 0)
            return;
        List<ParquetColumn.Chunk> chunks = new ArrayList<>();
        try {
            for (ParquetColumn column : open) {
                ParquetColumn.Chunk chunk = column.end(atomic.channel().position());
                write(chunk.bytes());
                chunks.add(chunk.written());
            }
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
        groups.add(new Group(chunks, rowsOpen));
        rowsOpen = 0;
    }

    @Override
    public void commit() {
        endGroup();
        byte[] footer = footer();
        write(footer);
        write(new byte[]{(byte) footer.length, (byte) (footer.length >> 8), (byte) (footer.length >> 16), (byte) (footer.length >> 24)});
        write(MAGIC);
        atomic.commit();
    }

    /** {@code FileMetaData}. */
    private byte[] footer() {
        ThriftCompact out = new ThriftCompact().begin().i32(1, VERSION).structs(2, columns.size() + 1);
        out.begin().text(4, "schema").i32(5, columns.size()).end();
        for (Column column : columns) {
            boolean optional = column.type() == Column.Type.DOUBLE;
            out.begin().i32(1, ParquetColumn.physicalType(column.type())).i32(3, optional ? OPTIONAL : REQUIRED).text(4, column.name());
            if (column.type() == Column.Type.TEXT)
                out.i32(6, CONVERTED_UTF8).struct(10).struct(1).end().end(); // LogicalType: STRING
            out.end();
        }
        out.i64(3, groups.stream().mapToLong(Group::rows).sum()).structs(4, groups.size());
        for (Group group : groups) {
            out.begin().structs(1, columns.size());
            for (int c = 0; c < columns.size(); c++)
                group.chunks.get(c).write(out, columns.get(c));
            out.i64(2, group.chunks.stream().mapToLong(ParquetColumn.Chunk::unpacked).sum()).i64(3, group.rows).end();
        }
        if (!metadata.isEmpty()) {
            out.structs(5, metadata.size());
            metadata.entrySet().stream().sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> out.begin().text(1, entry.getKey()).text(2, entry.getValue()).end());
        }
        return out.text(6, "crane " + CraneVersion.get()).end().bytes();
    }

    private void write(byte[] bytes) {
        try {
            FileChannel channel = atomic.channel();
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining())
                channel.write(buffer);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    @Override
    public void close() {
        atomic.close();
    }
}
