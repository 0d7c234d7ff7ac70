package dev.crane.analysis.harness;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dev.crane.analysis.table.CsvRows;
import dev.crane.analysis.table.JsonRows;
import dev.crane.analysis.table.ParquetRows;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.table.TextTable;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;

/**
 * A task's data: splits of rows, from files on this machine. Beside {@code data_files}, {@code sep}, {@code column_names}, {@code quoting} and {@code field}, which
 * mean what they mean in the library datasets, {@code dataset_kwargs} may say {@code dtype: str} (CSV cells are texts as written), {@code where: {column: value}}
 * (only rows with these values) and {@code explode: [a, b]} (a row for each member of the list a, and then of its list b).
 */
final class TaskData {
    private static final List<String> FORMATS = List.of("json", "csv", "parquet");
    private static final List<String> KEYS = List.of("data_files", "sep", "delimiter", "column_names", "names", "quoting", "field", "dtype",
            "where",
            "explode", "trust_remote_code");

    private final TaskConfig config;
    private final String format;
    private final YamlSection kwargs;
    private final Path folder;
    private final Map<String, List<YamlNode.Scalar>> files = new LinkedHashMap<>();
    private final Map<String, List<Row>> splits = new HashMap<>();

    /**
     * The data of a task; reads nothing yet.
     *
     * @param folder what the files' paths are relative to; null: the file that names them
     */
    TaskData(TaskConfig config, Path folder) {
        this.config = config;
        this.folder = folder;
        this.format = config.text("dataset_path").orElseThrow(() -> config.place().error("the task lacks the key 'dataset_path'"));
        if (!FORMATS.contains(format))
            throw config.error("dataset_path",
                    "'" + format + "' is a data set on a server, and nothing is fetched; download it, give dataset_path: "
                            + "json, csv or parquet, and dataset_kwargs: {data_files: {test: FILE}}");
        kwargs = YamlSection.of("dataset_kwargs", config.need("dataset_kwargs"), KEYS);
        YamlNode named = kwargs.need("data_files");
        if (named instanceof YamlNode.Mapping)
            for (YamlNode.Entry entry : YamlSection.free("data_files", named).entries())
                files.put(entry.key(), YamlSection.free("data_files", named).texts(entry.key()));
        else
            files.put("train", kwargs.texts("data_files")); // as the library datasets calls what has no name
    }

    /** The rows of the split that a key names, each with all the split's columns. */
    List<Row> split(String key) {
        return split(config.need(key), key, config.text(key).orElseThrow());
    }

    /**
     * The rows of a split, each with all the split's columns.
     *
     * @param node where the split is named
     */
    List<Row> split(YamlNode node, String key, String name) {
        if (!files.containsKey(name))
            throw node.place().error(key + ": there is no split '" + name + "'; data_files has " + String.join(", ", files.keySet()));
        return splits.computeIfAbsent(name, n -> {
            List<Row> rows = new ArrayList<>();
            for (YamlNode.Scalar file : files.get(n))
                rows.addAll(read(file));
            if (rows.isEmpty())
                throw node.place().error(key + ": the split '" + n + "' has no rows");
            return even(rows);
        });
    }

    /** As the library datasets has it, a column is there for every row or for none. */
    private static List<Row> even(List<Row> rows) {
        Set<String> columns = new LinkedHashSet<>();
        rows.forEach(row -> columns.addAll(row.values().keySet()));
        return rows.stream().map(row -> {
            if (row.values().size() == columns.size())
                return row;
            Map<String, Object> values = new LinkedHashMap<>();
            columns.forEach(column -> values.put(column, row.values().get(column)));
            return new Row(row.origin(), values);
        }).toList();
    }

    private List<Row> read(YamlNode.Scalar named) {
        String name = named.text().replace("{dataset_name}", config.text("dataset_name").orElse(""));
        Path file = folder == null ? TaskConfig.sibling(named.place().file(), name) : folder.resolve(name);
        if (!Files.isRegularFile(file))
            throw named.place().error("data_files: there is no file " + file
                    + (folder == null ? "; the folder of the data is given with --data DIR" : "; is --data the right folder?"));
        List<Row> rows = switch (format) {
            case "csv" -> CsvRows.read(file, TextTable.read(file), layout());
            case "parquet" -> ParquetRows.read(file);
            default -> JsonRows.read(file, TextTable.read(file), kwargs.text("field").orElse(null));
        };
        for (YamlNode.Scalar list : kwargs.texts("explode"))
            rows = exploded(rows, list);
        Optional<YamlNode> where = kwargs.find("where");
        return where.isEmpty() ? rows : rows.stream().filter(row -> matches(row, YamlSection.free("where", where.get()))).toList();
    }

    private CsvRows.Layout layout() {
        String separator = kwargs.text("sep").or(() -> kwargs.text("delimiter")).orElse(",");
        if (separator.length() != 1)
            throw kwargs.find("sep").or(() -> kwargs.find("delimiter")).orElseThrow().place().error("sep: expected one character");
        List<String> columns = new ArrayList<>();
        for (String key : List.of("column_names", "names"))
            kwargs.texts(key).forEach(column -> columns.add(column.text()));
        // Python's csv.QUOTE_NONE is 3.
        return new CsvRows.Layout(separator.charAt(0), columns.isEmpty() ? null : columns, kwargs.whole("quoting", 0, 3).orElse(0L) != 3,
                kwargs.text("dtype").filter("str"::equals).isPresent());
    }

    private static List<Row> exploded(List<Row> rows, YamlNode.Scalar column) {
        List<Row> members = new ArrayList<>();
        for (Row row : rows) {
            if (!(row.values().get(column.text()) instanceof List<?> list))
                throw column.place().error("explode: " + row.origin() + " has no list '" + column.text() + "'");
            for (Object member : list) {
                Map<String, Object> values = new LinkedHashMap<>(row.values());
                values.remove(column.text());
                if (member instanceof Map<?, ?> map)
                    map.forEach((key, value) -> values.put(String.valueOf(key), value));
                else
                    values.put(column.text(), member);
                members.add(new Row(row.origin() + ", " + column.text() + " " + (members.size() + 1), values));
            }
        }
        return members;
    }

    private boolean matches(Row row, YamlSection where) {
        for (YamlNode.Entry entry : where.entries()) {
            if (!row.values().containsKey(entry.key()))
                throw entry.place().error("where: there is no column '" + entry.key() + "'; the columns are " + String.join(", ",
                        row.values().keySet()));
            String wanted = where.text(entry.key()).orElse("").replace("{dataset_name}", config.text("dataset_name").orElse(""));
            if (!wanted.equals(String.valueOf(row.values().get(entry.key()))))
                return false;
        }
        return true;
    }
}
