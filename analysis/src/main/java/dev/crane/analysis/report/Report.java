package dev.crane.analysis.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvSchema;

import dev.crane.analysis.faithfulness.FaithfulnessFiles;
import dev.crane.analysis.faithfulness.LanguageFaithfulness;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.json.JsonFile;

/** Makes {@code report.html}, and the tables that it computes, from the files that an experiment left in its folder. */
public final class Report {
    /** The report's name in the experiment's folder. */
    public static final String FILE = "report.html";

    private static final CsvMapper CSV = CsvMapper.builder().build();

    private Report() {
    }

    /**
     * Writes the report of an experiment, and beside it the tables that it computes.
     *
     * @param folder an experiment's output folder
     * @return the report's path
     */
    public static Path write(Path folder) {
        return write(folder, read(folder));
    }

    /**
     * Writes the report of an experiment as {@link #read} gave it, or with another LangSpec-F1, and beside it the tables that it computes.
     *
     * @return the report's path
     */
    public static Path write(Path folder, ReportData data) {
        MethodTable methods = new MethodTable(data);
        Map<String, String> files = new LinkedHashMap<>(new ReportTables(data, methods).all());
        PaperTable paper = new PaperTable(data, methods);
        files.put(PaperTable.MARKDOWN, paper.markdown());
        files.put(PaperTable.LATEX, paper.latex());
        List<LanguageLedger> ledgers = LanguageLedger.read(folder, data);
        if (ledgers.isEmpty())
            remove(folder.resolve(LanguageLedger.TABLE));
        else
            files.put(LanguageLedger.TABLE, LanguageLedger.table(ledgers));
        files.forEach((name, content) -> AtomicFile.writeString(folder.resolve(name), content));
        SequencedMap<String, String> all = new LinkedHashMap<>();
        for (String name : List.of("matrix.csv", "summary.csv", "intervals.csv"))
            all.put(name, text(folder.resolve(name)));
        List<LanguageFaithfulness> faithfulness = FaithfulnessFiles.read(folder);
        if (!faithfulness.isEmpty())
            for (String name : FaithfulnessFiles.TABLES)
                all.put(name, text(folder.resolve(name)));
        all.putAll(files);
        Path report = folder.resolve(FILE);
        AtomicFile.writeString(report, ReportPage.render(data, all, faithfulness, ledgers));
        return report;
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    /** Reads what an experiment left: {@code experiment.json}, {@code matrix.csv}, {@code summary.csv}, {@code intervals.csv}, {@code selections.json}. */
    public static ReportData read(Path folder) {
        for (String file : List.of("matrix.csv", "experiment.json", "summary.csv", "intervals.csv", "selections.json"))
            if (!Files.isRegularFile(folder.resolve(file)))
                throw new CraneException(
                        folder + ": holds no " + file + ", so there is nothing to report; finish the experiment with 'crane run' first");
        JsonNode experiment = JsonFile.read(folder.resolve("experiment.json"), 1L << 26);
        SequencedMap<String, String> provenance = new LinkedHashMap<>();
        flatten("", experiment, provenance);
        List<ReportData.Measurement> matrix = rows(folder.resolve("matrix.csv"),
                row -> new ReportData.Measurement(row.text("model"), row.text("method"), row.text("mask"), row.text("seed"),
                        (int) row.number("units"),
                        row.text("language"), row.text("metric"), row.number("value"), row.number("unmasked"), row.number("change")));
        if (matrix.isEmpty())
            throw new CraneException(folder.resolve("matrix.csv") + ": has no rows; run the experiment again");
        return new ReportData(experiment.path("title").asString(folder.toAbsolutePath().normalize().getFileName().toString()),
                matrix.stream().map(ReportData.Measurement::language).distinct().toList(), matrix,
                rows(folder.resolve("summary.csv"),
                        row -> new ReportData.Summary(row.text("model"), row.text("method"), row.text("mask"), row.text("seed"),
                                row.number("selectivity"), row.number("langspec_f1"), row.number("precision"), row.number("recall"))),
                rows(folder.resolve("intervals.csv"),
                        row -> new ReportData.Interval(row.text("model"), row.text("method"), row.text("mask"), row.text("seed"),
                                row.text("language"), row.text("metric"), row.has("against") ? row.text("against") : "none",
                                row.number("change"), row.number("low"), row.number("high"), row.number("p"),
                                row.has("p_holm") ? row.number("p_holm") : Double.NaN)),
                SelectionsFile.read(folder.resolve("selections.json")), langSpecF1(experiment), provenance);
    }

    /** As the experiment has it; earlier versions knew the default alone. */
    private static LangSpecF1.Options langSpecF1(JsonNode experiment) {
        JsonNode options = experiment.at("/metrics/langspec_f1");
        return options.isObject()
                ? new LangSpecF1.Options(LangSpecF1.Others.named(options.path("other").asString("")), options.path("beta").asDouble(1),
                        options.path("compat").asBoolean(false))
                : LangSpecF1.Options.DEFAULT;
    }

    private static void flatten(String name, JsonNode node, SequencedMap<String, String> into) {
        if (node.isObject())
            for (var entry : node.properties())
                flatten(name.isEmpty() ? entry.getKey() : name + " / " + entry.getKey(), entry.getValue(), into);
        else if (node.isArray())
            into.put(name, String.join(", ",
                    node.values().stream().map(value -> value.isValueNode() ? value.asString() : value.toString()).toList()));
        else
            into.put(name, node.asString());
    }

    private interface RowReader<T> {
        T read(Row row);
    }

    /** A line of a table by its column names. */
    private record Row(Path file, long line, Map<String, String> cells) {
        /** Whether the table has a column that earlier versions did not write. */
        boolean has(String column) {
            return cells.containsKey(column);
        }

        String text(String column) {
            String cell = cells.get(column);
            if (cell == null)
                throw new CraneException(file + ": line " + line + " has no column '" + column + "'; run the experiment again");
            return cell;
        }

        double number(String column) {
            String cell = text(column);
            try {
                return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
            } catch (NumberFormatException e) {
                throw new CraneException(
                        file + ": line " + line + ", column '" + column + "': '" + cell + "' is not a number; run the experiment again",
                        e);
            }
        }
    }

    private static <T> List<T> rows(Path file, RowReader<T> reader) {
        try (MappingIterator<Map<String, String>> rows = CSV.readerFor(Map.class).with(CsvSchema.emptySchema().withHeader())
                .readValues(Files.readString(file))) {
            List<T> all = new ArrayList<>();
            for (long line = 2; rows.hasNextValue(); line++)
                all.add(reader.read(new Row(file, line, rows.nextValue())));
            return all;
        } catch (JacksonException e) {
            throw new CraneException(
                    file + ": is not a table: " + FileErrors.oneLine(e.getOriginalMessage()) + "; run the experiment again", e);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }
}
