package dev.crane.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.ConservationLedger.Entry;
import dev.crane.engine.relevance.ConservationLedger.Loss;

/** A conservation ledger for people. */
final class LedgerTable {
    /** Half of the last digit. */
    private static final double SHOWN = 5e-6;

    private LedgerTable() {
    }

    /** A row for each stage; a column for each loss that there is anywhere. */
    static void print(ConservationLedger ledger, PrintWriter out) {
        List<Loss> losses = ledger.entries().stream().flatMap(entry -> entry.losses().entrySet().stream())
                .filter(loss -> Math.abs(loss.getValue()) >= SHOWN)
                .map(Map.Entry::getKey).distinct().sorted().toList();
        Table table = new Table().text("relevance in").number("comes in");
        losses.forEach(loss -> table.number(loss.label()));
        table.number("goes on").number("unexplained");
        for (Entry entry : ledger.entries()) {
            String[] row = new String[losses.size() + 4];
            row[0] = entry.stage();
            row[1] = number(entry.in());
            for (int i = 0; i < losses.size(); i++)
                row[i + 2] = number(entry.losses().getOrDefault(losses.get(i), 0.0));
            row[row.length - 2] = number(entry.out());
            row[row.length - 1] = String.format(Locale.ROOT, "%.1e", entry.remainder());
            table.row((Object[]) row);
        }
        table.print(out);
    }

    private static String number(double value) {
        return Math.abs(value) < SHOWN ? "0" : String.format(Locale.ROOT, "%.5f", value);
    }
}
