package dev.crane.analysis.corpus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.ColumnSchema;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** The column {@code text} of a Parquet file, a document a row. */
final class ParquetSource implements DocumentSource {
    private static final String COLUMN = "text";
    /** The reader tells what it decompresses with; held here, for the logging system keeps loggers weakly. */
    private static final Logger READER_LOG = Logger.getLogger("dev.hardwood");

    static {
        READER_LOG.setLevel(Level.WARNING);
    }

    private final Path file;
    private final Path unpacked;
    private final boolean temporary;
    private final boolean emptyAllowed;
    private final ParquetFileReader reader;
    private final RowReader rows;
    private int row = -1;

    /**
     * @param file for messages
     * @param unpacked what is read
     * @param temporary whether to delete {@code unpacked} at the end
     * @param emptyAllowed whether a document may be empty
     */
    ParquetSource(Path file, Path unpacked, boolean temporary, boolean emptyAllowed) {
        this.file = file;
        this.unpacked = unpacked;
        this.temporary = temporary;
        this.emptyAllowed = emptyAllowed;
        try {
            reader = ParquetFileReader.open(InputFile.of(unpacked));
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
        try {
            checkColumn();
            rows = reader.buildRowReader().projection(ColumnProjection.columns(COLUMN)).build();
        } catch (RuntimeException e) {
            closeReader();
            throw e instanceof CraneException ? e : damaged(e);
        }
    }

    private void checkColumn() {
        ColumnSchema column = reader.getFileSchema()
                .getColumns()
                .stream()
                .filter(c -> c.maxRepetitionLevel() == 0 && c.fieldPath().toString().equals(COLUMN))
                .findFirst()
                .orElseThrow(() -> new CraneException(file + ": has no column \"" + COLUMN + "\"; its columns are "
                        + String.join(", ",
                                reader.getFileSchema().getColumns().stream().map(c -> c.fieldPath().toString()).limit(20).toList())));
        if (column.type() != PhysicalType.BYTE_ARRAY) {
            throw new CraneException(file + ": its column \"" + COLUMN + "\" holds " + column.type() + ", not strings");
        }
    }

    /** How many rows the file says it has. */
    long rows() {
        return reader.getFileMetaData().numRows();
    }

    @Override
    public boolean advance() {
        try {
            if (!rows.hasNext()) {
                return false;
            }
            rows.next();
            row = Math.incrementExact(row);
            return true;
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    @Override
    public Document document() {
        String text;
        try {
            text = rows.isNull(COLUMN) ? "" : rows.getString(COLUMN);
        } catch (RuntimeException e) {
            throw damaged(e);
        }
        if (LineSource.isBlank(text) && !emptyAllowed) {
            throw error("is empty; delete it");
        }
        return new Document(row, text, null);
    }

    /** The reader's own message, which names column and page; where a codec is missing, the innermost one says which. */
    private CraneException damaged(Throwable e) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < 20; depth++, cause = cause.getCause()) {
            if (cause instanceof UnsupportedOperationException && cause.getMessage() != null
                    && cause.getMessage().contains("-compressed")) {
                String codec = cause.getMessage().replaceAll(".*?([A-Z0-9_]+)-compressed.*", "$1");
                return new CraneException(file + ": is compressed with " + codec
                        + ", which CRANE cannot read; write it with gzip or no compression, or as .jsonl.gz", e);
            }
        }
        String what = e.getMessage() == null ? e.getClass().getSimpleName() : FileErrors.oneLine(e.getMessage());
        return new CraneException(file + ": cannot be read as Parquet: " + what, e);
    }

    @Override
    public CraneException error(String what) {
        return new CraneException(file + ": row " + (row + 1) + " " + what);
    }

    @Override
    public void close() {
        rows.close();
        closeReader();
    }

    private void closeReader() {
        try {
            reader.close();
            if (temporary) {
                Files.deleteIfExists(unpacked);
            }
        } catch (IOException e) {
            throw Corpus.unreadable(file, e);
        }
    }
}
