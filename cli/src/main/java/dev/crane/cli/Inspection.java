package dev.crane.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/** What {@code crane inspect} found: a record that {@code --json} prints as it is, and that prints itself for people. */
sealed interface Inspection permits ModelInspection, MaskInspection, StatisticsInspection, TensorsInspection {
    /** Prints it for people. */
    void print(PrintWriter out);

    /** Names and values as a section of their own; nothing where there are none. */
    static void printMetadata(String title, Map<String, String> metadata, PrintWriter out) {
        if (metadata.isEmpty())
            return;
        out.println();
        out.println(title);
        Table table = new Table().text("").text("");
        metadata.forEach((name, value) -> table.row("  " + name, HeatMap.visible(value).replace("\n", "")));
        table.print(out);
    }

    /** A number of bytes in the unit that fits: {@code 7.1 MB}, powers of 1000. */
    static String bytes(long bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB"};
        int unit = 0;
        double value = bytes;
        while (value >= 999.5 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    }

    /** A count with thousands separated. */
    static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
