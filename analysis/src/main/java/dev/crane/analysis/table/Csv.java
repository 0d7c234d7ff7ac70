package dev.crane.analysis.table;

/** A comma-separated table as RFC 4180 has it, with lines that end in a line feed. Numbers are written in full; NaN as nothing. */
public final class Csv {
    private final StringBuilder text = new StringBuilder();

    /** A table of its header alone. */
    public Csv(String... header) {
        row((Object[]) header);
    }

    /** Adds a row. */
    public Csv row(Object... cells) {
        text.append(line(cells));
        return this;
    }

    /** A row as text, its end included. */
    static String line(Object... cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String cell = cells[i] instanceof Double number && number.isNaN() ? "" : String.valueOf(cells[i]);
            boolean quoted = cell.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            line.append(i == 0 ? "" : ",").append(quoted ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
        }
        return line.append('\n').toString();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
