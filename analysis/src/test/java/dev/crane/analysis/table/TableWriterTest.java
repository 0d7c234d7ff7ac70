package dev.crane.analysis.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is written is what a reader of another origin finds (Hardwood; PyArrow 25 reads these files too). */
class TableWriterTest {
    private static final List<Column> COLUMNS = List.of(Column.text("language"), Column.int32("unit"),
            Column.int64("line"), Column.float32("score"), Column.float64("kurtosis"));

    @TempDir
    Path folder;

    private Path write(String name, Object[]... rows) {
        Path file = folder.resolve(name);
        try (TableWriter table = TableWriter.create(file, COLUMNS, Map.of("rule", "attnlrp", "model", "河"))) {
            for (Object[] row : rows)
                table.row(row);
            table.commit();
        }
        return file;
    }

    private static final Object[][] ROWS = {{"vi", -1, 1L << 40, 0.1f, Math.PI}, {"Việt, \"河\"\n", Integer.MAX_VALUE, Long.MIN_VALUE,
            Float.MIN_VALUE, Double.NaN}, {"vi", 0, 0L, -0f, -1e-300}};

    @Test
    void csv() throws IOException {
        assertEquals("""
                language,unit,line,score,kurtosis
                vi,-1,1099511627776,0.1,3.141592653589793
                "Việt, ""河""
                ",2147483647,-9223372036854775808,1.4E-45,
                vi,0,0,-0.0,-1.0E-300
                """, Files.readString(write("a.csv", ROWS)));
    }

    @Test
    void parquet() {
        List<Row> read = ParquetRows.read(write("a.parquet", ROWS));
        assertEquals(ROWS.length, read.size());
        for (int r = 0; r < ROWS.length; r++) {
            Map<String, Object> expected = new LinkedHashMap<>();
            for (int c = 0; c < COLUMNS.size(); c++)
                expected.put(COLUMNS.get(c).name(), switch (ROWS[r][c]) {
                    case Integer i -> i.longValue();
                    case Float f -> f.doubleValue();
                    case Double d -> d.isNaN() ? null : d;
                    default -> ROWS[r][c];
                });
            assertEquals(expected, read.get(r).values());
        }
    }

    /** More rows than a group has, texts that differ from row to row and in long runs, and nothing at all in between. */
    @Test
    void severalGroups() {
        int rows = ParquetTable.GROUP_ROWS + 1000;
        Path file = folder.resolve("long.parquet");
        try (TableWriter table = TableWriter.create(file, List.of(Column.text("a"), Column.text("b"),
                Column.float64("c")), Map.of())) {
            for (int row = 0; row < rows; row++)
                table.row("module " + row / 5000, "text " + row % 700, row % 3 == 0 ? Double.NaN : row / 8.0);
            table.commit();
        }
        List<Row> read = ParquetRows.read(file);
        assertEquals(rows, read.size());
        for (int row = 0; row < rows; row++) {
            Map<String, Object> values = read.get(row).values();
            assertEquals("module " + row / 5000, values.get("a"));
            assertEquals("text " + row % 700, values.get("b"));
            if (row % 3 == 0)
                assertNull(values.get("c"));
            else
                assertEquals(row / 8.0, values.get("c"));
        }
    }

    @Test
    void noRows() {
        assertEquals(List.of(), ParquetRows.read(write("none.parquet")));
    }

    @Test
    void theSameRowsMakeTheSameBytes() throws IOException {
        assertArrayEquals(Files.readAllBytes(write("a.parquet", ROWS)), Files.readAllBytes(write("b.parquet", ROWS)));
    }

    @Test
    void nothingIsLeftWithoutCommit() {
        for (String name : List.of("a.csv", "a.parquet"))
            try (TableWriter table = TableWriter.create(folder.resolve(name), COLUMNS, Map.of())) {
                table.row(ROWS[0]);
            }
        assertEquals(0, folder.toFile().list().length);
        assertTrue(assertThrows(CraneException.class, () -> TableWriter.create(folder.resolve("a.xlsx"), COLUMNS, Map.of())).getMessage()
                .endsWith("a.xlsx: tables are written as .csv or .parquet"));
    }
}
