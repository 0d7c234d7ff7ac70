package dev.crane.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A table in plain text: a header, rows, columns aligned. Widths are counted in terminal cells, so that Chinese, Vietnamese and emoji line up.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final char ELLIPSIS = '…';

    /** First and last code points of what takes two cells: East Asian wide and full-width (Unicode TR 11), and emoji. */
    private static final int[][] WIDE = {
            {0x1100, 0x115F}, // Hangul initials
            {0x2E80, 0x303E}, {0x3040, 0xA4CF}, // CJK radicals and punctuation; kana, ideographs, Yi
            {0xA960, 0xA97F}, {0xAC00, 0xD7A3}, // Hangul
            {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, // CJK compatibility
            {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, // full-width forms
            {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, // emoji
            {0x20000, 0x3FFFD}, // CJK extensions
    };

    private enum Alignment {
        LEFT, RIGHT
    }

    private record Column(String title, Alignment alignment) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** A table without columns yet. */
    public Table() {
    }

    /** Adds a column of text. */
    public Table text(String title) {
        columns.add(new Column(title, Alignment.LEFT));
        return this;
    }

    /** Adds a column of numbers, which are flush right. */
    public Table number(String title) {
        columns.add(new Column(title, Alignment.RIGHT));
        return this;
    }

    /**
     * Adds a row.
     *
     * @param cells one for each column, formatted as they are to appear; null for an empty one
     */
    public Table row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(cell == null ? "" : cell.toString());
        }
        rows.add(row);
        return this;
    }

    /** Adds an empty line between two groups of rows. */
    public Table gap() {
        rows.add(List.of());
        return this;
    }

    /** Prints it, without trailing spaces. */
    public void print(PrintWriter out) {
        int[] widths = new int[columns.size()];
        for (int c = 0; c < widths.length; c++) {
            widths[c] = width(columns.get(c).title);
            for (List<String> row : rows) {
                widths[c] = Math.max(widths[c], row.isEmpty() ? 0 : width(row.get(c)));
            }
        }
        if (columns.stream().anyMatch(column -> !column.title.isEmpty())) {
            printRow(columns.stream().map(Column::title).toList(), widths, out);
        }
        rows.forEach(row -> printRow(row, widths, out));
        out.flush();
    }

    private void printRow(List<String> cells, int[] widths, PrintWriter out) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < cells.size(); c++) {
            String cell = cells.get(c);
            String padding = " ".repeat(widths[c] - width(cell));
            line.append(c == 0 ? "" : GAP);
            line.append(columns.get(c).alignment == Alignment.LEFT ? cell + padding : padding + cell);
        }
        out.print(line.toString().stripTrailing() + "\n");
    }

    /** How many terminal cells {@code text} takes. */
    public static int width(String text) {
        return text.codePoints().map(Table::width).sum();
    }

    /** {@code text}, cut with an ellipsis if it takes more than {@code cells} terminal cells. */
    public static String cut(String text, int cells) {
        if (width(text) <= cells) {
            return text;
        }
        StringBuilder cut = new StringBuilder();
        int left = cells - 1;
        for (int codePoint : text.codePoints().toArray()) {
            left -= width(codePoint);
            if (left < 0) {
                break;
            }
            cut.appendCodePoint(codePoint);
        }
        return cut.append(ELLIPSIS).toString();
    }

    /** Cells of one code point; none for what combines with the one before. */
    private static int width(int codePoint) {
        int type = Character.getType(codePoint);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.FORMAT) {
            return 0;
        }
        for (int[] range : WIDE) {
            if (codePoint >= range[0] && codePoint <= range[1]) {
                return 2;
            }
        }
        return 1;
    }
}
