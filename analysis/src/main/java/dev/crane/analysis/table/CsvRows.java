package dev.crane.analysis.table;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

import dev.crane.engine.CraneException;

/**
 * Rows from CSV (RFC 4180), as pandas reads it for lm-evaluation-harness: a column is of whole numbers, numbers or truth values where all its cells are, and an empty cell or
 * one such as {@code NA} is nothing; unless all cells are asked for as texts.
 */
public final class CsvRows {
    /**
     * How a file is laid out.
     *
     * @param separator between cells
     * @param columns their names where the file's first line does not give them, or null
     * @param quoted whether cells may stand in double quotes
     * @param texts whether every cell is the text as it is written
     */
    public record Layout(char separator, List<String> columns, boolean quoted, boolean texts) {}

    /** What pandas takes for a missing value. */
    private static final Set<String> MISSING = Set.of("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
            "1.#QNAN",
            "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null");
    private static final Pattern WHOLE = Pattern.compile("\\s*[+-]?\\d{1,18}\\s*");
    private static final Pattern NUMBER = Pattern.compile("\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*");
    private static final Set<String> TRUTH = Set.of("True", "TRUE", "true", "False", "FALSE", "false");

    private final Path file;
    private final String text;
    private final Layout layout;
    private int at;
    private int line = 1;

    private CsvRows(Path file, String text, Layout layout) {
        this.file = file;
        this.text = text.startsWith("\ufeff") ? text.substring(1) : text;
        this.layout = layout;
    }

    /**
     * The rows of a text.
     *
     * @param file for messages
     */
    public static List<Row> read(Path file, String text, Layout layout) {
        return new CsvRows(file, text, layout).rows();
    }

    private List<Row> rows() {
        List<String> names = layout.columns;
        List<List<String>> records = new ArrayList<>();
        List<Integer> lines = new ArrayList<>();
        while (at < text.length()) {
            int begin = line;
            List<String> cells = record();
            if (cells.size() == 1 && cells.getFirst().isEmpty())
                continue;
            if (names == null) {
                names = named(cells);
                continue;
            }
            if (cells.size() > names.size())
                throw new CraneException(
                        file + ": line " + begin + " has " + cells.size() + " cells, and the columns are " + names.size() + ": "
                                + String.join(", ", names));
            records.add(cells);
            lines.add(begin);
        }
        List<Map<String, Object>> values = new ArrayList<>();
        records.forEach(cells -> values.add(new LinkedHashMap<>()));
        for (int c = 0; names != null && c < names.size(); c++) {
            int column = c;
            List<String> cells = records.stream().map(record -> column < record.size() ? record.get(column) : "").toList();
            Function<String, Object> type = layout.texts ? cell -> cell : type(cells);
            for (int r = 0; r < values.size(); r++)
                values.get(r).put(names.get(c), type.apply(cells.get(r)));
        }
        List<Row> rows = new ArrayList<>();
        for (int r = 0; r < values.size(); r++)
            rows.add(new Row(file + ": line " + lines.get(r), values.get(r)));
        return rows;
    }

    /** A column without a name is called as pandas calls it. */
    private static List<String> named(List<String> cells) {
        List<String> names = new ArrayList<>();
        for (int c = 0; c < cells.size(); c++)
            names.add(cells.get(c).isEmpty() ? "Unnamed: " + c : cells.get(c));
        return names;
    }

    private static Function<String, Object> type(List<String> cells) {
        List<String> there = cells.stream().filter(cell -> !MISSING.contains(cell)).toList();
        boolean full = there.size() == cells.size();
        if (there.isEmpty())
            return cell -> null;
        if (full && there.stream().allMatch(cell -> WHOLE.matcher(cell).matches()))
            return cell -> Long.valueOf(cell.strip());
        if (there.stream().allMatch(cell -> NUMBER.matcher(cell).matches()))
            return cell -> MISSING.contains(cell) ? null : Double.valueOf(cell.strip());
        if (full && TRUTH.containsAll(there))
            return cell -> cell.charAt(0) == 'T' || cell.charAt(0) == 't';
        return cell -> MISSING.contains(cell) ? null : cell;
    }

    private List<String> record() {
        List<String> cells = new ArrayList<>();
        while (true) {
            cells.add(layout.quoted && at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
            if (at == text.length())
                return cells;
            char end = text.charAt(at++);
            if (end == layout.separator)
                continue;
            if (end == '\r' && at < text.length() && text.charAt(at) == '\n')
                at++;
            line++;
            return cells;
        }
    }

    private String plain() {
        int begin = at;
        while (at < text.length() && text.charAt(at) != layout.separator && text.charAt(at) != '\n' && text.charAt(at) != '\r')
            at++;
        return text.substring(begin, at);
    }

    private String quoted() {
        int begin = line;
        StringBuilder cell = new StringBuilder();
        at++;
        while (true) {
            if (at == text.length())
                throw new CraneException(file + ": line " + begin + " begins a quoted cell that never ends");
            char c = text.charAt(at++);
            if (c == '\n')
                line++;
            if (c != '"') {
                cell.append(c);
            } else if (at < text.length() && text.charAt(at) == '"') {
                cell.append('"');
                at++;
            } else {
                return cell.append(plain()).toString(); // what follows a closing quote belongs to the cell, as in Python
            }
        }
    }
}
