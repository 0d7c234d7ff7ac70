package dev.crane.analysis.experiment;

/** A comma-separated table as RFC 4180 has it, with lines that end in a line feed. Numbers are written in full; NaN as nothing. */
final class Csv {
    private final StringBuilder text = new StringBuilder();

    Csv(String... header) {
        row((Object[]) header);
    }

    Csv row(Object... cells) {
        for (int i = 0; i < cells.length; i++) {
            String cell = cells[i] instanceof Double number && number.isNaN() ? "" : String.valueOf(cells[i]);
            boolean quoted = cell.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            text.append(i == 0 ? "" : ",").append(quoted ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
        }
        text.append('\n');
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
