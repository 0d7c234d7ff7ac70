package dev.crane.analysis.judge;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

import dev.crane.analysis.experiment.MaskKey;
import dev.crane.analysis.table.Column;
import dev.crane.analysis.table.TableWriter;
import dev.crane.engine.CraneException;

/**
 * A judge's scores of every mask and language.
 *
 * @param rows a row for each model, mask and language, in the order of the texts
 * @param unmatched scores of ids that no text has
 */
public record JudgeTable(List<Cell> rows, int unmatched) {
    private static final List<Column> COLUMNS = List.of(Column.text("model"), Column.text("method"), Column.text("mask"),
            Column.text("seed"), Column.int32("units"), Column.text("language"), Column.text("metric"), Column.float64("value"),
            Column.float64("unmasked"), Column.float64("change"), Column.int32("scored"), Column.int32("dropped"));

    /**
     * What the judge says of one mask in one language.
     *
     * @param metric what the score is called
     * @param value mean of the scores; NaN where there is none
     * @param unmasked the same of the unmasked model's texts; NaN where there is none
     * @param change value − unmasked
     * @param scored how many texts have a score
     * @param dropped how many have none that could be read, or none at all; they count for nothing
     */
    public record Cell(String model, MaskKey key, int units, String language, String metric, double value, double unmasked, double change,
            int scored, int dropped) {}

    private record Place(String model, MaskKey key, int units, String language) {}

    /**
     * Joins texts and scores by id.
     *
     * @throws CraneException if no text has a score, which means that the files do not belong together
     */
    public static JudgeTable of(List<Generation> generations, JudgeScores scores, String metric) {
        Map<Place, List<OptionalDouble>> places = new LinkedHashMap<>();
        Set<String> ids = new HashSet<>();
        for (Generation one : generations) {
            ids.add(one.id());
            places.computeIfAbsent(new Place(one.model(), one.key(), one.units(), one.language()), p -> new ArrayList<>())
                    .add(scores.scores().getOrDefault(one.id(), OptionalDouble.empty()));
        }
        int unmatched = (int) scores.scores().keySet().stream().filter(id -> !ids.contains(id)).count();
        if (unmatched == scores.scores().size())
            throw new CraneException("none of the " + unmatched + " scores has the id of a text, such as '" + generations.getFirst().id()
                    + "': do the files belong together?");
        Map<Place, Double> means = new LinkedHashMap<>();
        places.forEach((place, values) -> means.put(place,
                values.stream().filter(OptionalDouble::isPresent).mapToDouble(OptionalDouble::getAsDouble).average().orElse(Double.NaN)));
        List<Cell> rows = new ArrayList<>();
        places.forEach((place, values) -> {
            double value = means.get(place);
            double unmasked = means.getOrDefault(new Place(place.model, MaskKey.UNMASKED, 0, place.language), Double.NaN);
            int scored = (int) values.stream().filter(OptionalDouble::isPresent).count();
            rows.add(new Cell(place.model, place.key, place.units, place.language, metric, value, unmasked, value - unmasked, scored,
                    values.size() - scored));
        });
        return new JudgeTable(List.copyOf(rows), unmatched);
    }

    /** Writes the rows as CSV or Parquet, by the file's name; the columns of {@code matrix.csv}, then {@code scored} and {@code dropped}. */
    public void write(Path file) {
        try (TableWriter table = TableWriter.create(file, COLUMNS, Map.of())) {
            for (Cell row : rows)
                table.row(row.model, row.key.method(), row.key.mask(), row.key.seed(), row.units, row.language, row.metric, row.value,
                        row.unmasked, row.change, row.scored, row.dropped);
            table.commit();
        }
    }
}
