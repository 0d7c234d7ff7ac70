package dev.crane.analysis.table;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import dev.crane.engine.CraneException;

/**
 * Writes a table to a file, row by row, so that it may be larger than memory. The file is there when {@link #commit} has been called, whole or not at all.
 *
 * <pre>{@code
 * try (TableWriter table = TableWriter.create(Path.of("scores.parquet"), List.of(Column.int32("unit")), Map.of())) {
 *     table.row(17);
 *     table.commit();
 * }
 * }</pre>
 */
public sealed interface TableWriter extends AutoCloseable permits CsvTable, ParquetTable {
    /** Whether a file can be written, by its name: it ends in {@code .csv} or {@code .parquet}. */
    static boolean isTable(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.endsWith(".csv") || name.endsWith(".parquet");
    }

    /**
     * Begins a table.
     *
     * @param metadata kept in a Parquet file as its key-value metadata; CSV has no place for it
     * @throws CraneException if the file's name ends in neither {@code .csv} nor {@code .parquet}, or it cannot be written
     */
    static TableWriter create(Path file, List<Column> columns, Map<String, String> metadata) {
        if (!isTable(file))
            throw new CraneException(file + ": tables are written as .csv or .parquet");
        return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".csv")
                ? new CsvTable(file, columns)
                : new ParquetTable(file, columns, metadata);
    }

    /** Adds a row: a cell for each column, of the column's type. */
    void row(Object... cells);

    /** Ends the table and gives the file its name. */
    void commit();

    /** Removes what was written unless it was committed. */
    @Override
    void close();
}
