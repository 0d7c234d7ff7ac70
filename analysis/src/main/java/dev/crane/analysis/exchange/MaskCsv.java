package dev.crane.analysis.exchange;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.table.Csv;
import dev.crane.analysis.table.CsvRows;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.table.TextTable;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;

/**
 * A mask as a table of two columns, {@code module} and {@code unit}, a row a unit; units count from 0. A third column {@code value}, what the unit is set
 * to, may say 0. Which model it is of and where it comes from such a table does not tell.
 */
public final class MaskCsv {
    private static final String MODULE = "module";
    private static final String UNIT = "unit";
    private static final String VALUE = "value";

    private MaskCsv() {
    }

    /** Writes a mask, hook point by hook point. */
    public static void write(MaskFile mask, Path file) {
        Csv csv = new Csv(MODULE, UNIT);
        mask.mask().units().forEach((point, units) -> {
            for (int unit : units)
                csv.row(point.path(), unit);
        });
        AtomicFile.writeString(file, csv.toString());
    }

    /**
     * Reads a mask; rows may be in any order, and other columns are passed over.
     *
     * @param model what it is a mask of
     * @throws CraneException one line that says what is wrong with the file, and in which line
     */
    public static MaskFile read(Path file, MaskedModel model) {
        List<Row> rows = CsvRows.read(file, TextTable.read(file), new CsvRows.Layout(',', null, true, false));
        Map<HookPoint, SortedSet<Integer>> units = new TreeMap<>();
        for (Row row : rows) {
            for (String column : List.of(MODULE, UNIT))
                if (!row.values().containsKey(column))
                    throw new CraneException(
                            file + ": has no column \"" + column + "\"; a mask has the columns module and unit, its columns are "
                                    + String.join(", ", row.values().keySet()));
            HookPoint point = Points.parse(String.valueOf(row.values().get(MODULE)), row.origin());
            if (!(row.values().get(UNIT) instanceof Long unit) || unit < 0 || unit > Integer.MAX_VALUE)
                throw new CraneException(
                        row.origin() + " has the unit " + FileErrors.quote(String.valueOf(row.values().get(UNIT)))
                                + "; units are whole numbers from 0");
            if (row.values().getOrDefault(VALUE, 0L) instanceof Number number ? number.doubleValue() != 0 : row.values().get(VALUE) != null)
                throw new CraneException(row.origin() + " has the value " + FileErrors.quote(String.valueOf(row.values().get(VALUE)))
                        + "; of tables only masks that set units to 0 are read");
            if (!units.computeIfAbsent(point, p -> new TreeSet<>()).add(unit.intValue()))
                throw new CraneException(row.origin() + " names unit " + unit + " of " + point + " again");
        }
        Map<HookPoint, int[]> masked = new TreeMap<>();
        units.forEach((point, here) -> masked.put(point, here.stream().mapToInt(Integer::intValue).toArray()));
        return new MaskFile(model, UnitMask.of(masked), new TreeMap<>(Map.of("imported", file.getFileName().toString())));
    }
}
