package dev.crane.analysis.table;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;

/** A table as {@link Csv} writes it, but row by row. */
final class CsvTable implements TableWriter {
    private final Path file;
    private final AtomicFile atomic;
    private final BufferedWriter out;

    CsvTable(Path file, List<Column> columns) {
        this.file = file;
        atomic = AtomicFile.create(file);
        out = new BufferedWriter(Channels.newWriter(atomic.channel(), StandardCharsets.UTF_8), 1 << 16);
        row(columns.stream().map(Column::name).toArray());
    }

    @Override
    public void row(Object... cells) {
        try {
            out.write(Csv.line(cells));
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    @Override
    public void commit() {
        try {
            out.flush();
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
        atomic.commit();
    }

    @Override
    public void close() {
        atomic.close();
    }
}
