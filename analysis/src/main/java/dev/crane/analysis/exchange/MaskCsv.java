package dev.crane.analysis.exchange;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.mask.UnitValues;
import dev.crane.analysis.table.Csv;
import dev.crane.analysis.table.CsvRows;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.table.TextTable;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;

/**
 * A mask as a table of the columns {@code module} and {@code unit}, a row a unit; units count from 0. A mask that sets units to other numbers than 0 has them
 * in a third column {@code value}. Which model it is of and where it comes from such a table does not tell.
 */
public final class MaskCsv {
    private static final String MODULE = "module";
    private static final String UNIT = "unit";
    private static final String VALUE = "value";

    private MaskCsv() {
    }

    /**
     * Writes a mask, hook point by hook point.
     *
     * @throws CraneException if the mask does to its units what a table does not tell: it scales or adds
     */
    public static void write(MaskFile mask, Path file) {
        Csv csv = switch (mask.intervention()) {
            case MaskIntervention.Zero zero -> new Csv(MODULE, UNIT);
            case MaskIntervention.Constant constant -> new Csv(MODULE, UNIT, VALUE);
            default ->
                throw new CraneException("cannot write " + file + ": what the mask does to its units (" + mask.intervention().describe()
                        + ") a table does not tell, only what it sets them to; keep it as .mask.json");
        };
        mask.mask().units().forEach((point, units) -> {
            float[] values = mask.intervention() instanceof MaskIntervention.Constant constant
                    ? constant.values().at(point, units.length)
                    : null;
            for (int i = 0; i < units.length; i++)
                if (values == null)
                    csv.row(point.path(), units[i]);
                else
                    csv.row(point.path(), units[i], values[i]);
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
        Map<HookPoint, SortedMap<Integer, Float>> units = new TreeMap<>();
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
            if (units.computeIfAbsent(point, p -> new TreeMap<>()).put(unit.intValue(), value(row)) != null)
                throw new CraneException(row.origin() + " names unit " + unit + " of " + point + " again");
        }
        Map<HookPoint, int[]> masked = new TreeMap<>();
        Map<HookPoint, float[]> values = new TreeMap<>();
        boolean zero = true;
        for (Map.Entry<HookPoint, SortedMap<Integer, Float>> entry : units.entrySet()) {
            masked.put(entry.getKey(), entry.getValue().keySet().stream().mapToInt(Integer::intValue).toArray());
            float[] here = new float[entry.getValue().size()];
            int i = 0;
            for (float value : entry.getValue().values()) {
                here[i++] = value;
                zero &= value == 0;
            }
            values.put(entry.getKey(), here);
        }
        String name = file.getFileName().toString();
        return new MaskFile(model, UnitMask.of(masked),
                zero ? new MaskIntervention.Zero() : new MaskIntervention.Constant(UnitValues.each("values of " + name, values)),
                new TreeMap<>(Map.of("imported", name)));
    }

    /** What a unit is set to; 0 where there is no such column. */
    private static float value(Row row) {
        Object cell = row.values().getOrDefault(VALUE, 0L);
        float value = cell instanceof Number number ? number.floatValue() : Float.NaN;
        if (!Float.isFinite(value))
            throw new CraneException(
                    row.origin() + " has the value " + FileErrors.quote(String.valueOf(cell))
                            + "; it is what the unit is set to, a finite number");
        return value;
    }
}
