package dev.crane.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.ConservationLedger.Entry;
import dev.crane.engine.relevance.ConservationLedger.Loss;

/** A conservation ledger for people and in JSON. */
final class LedgerTable {
    /** Half of the last digit. */
    private static final double SHOWN = 5e-6;

    private LedgerTable() {
    }

    /** A stage in JSON. */
    record Stage(String stage, double in, double out, Map<String, Double> losses, double remainder) {}

    /** What stands in JSON documents and in {@code LANG.ledger.json}. */
    record Document(String format, String rule, double target, double arrived, double error, List<Stage> stages) {}

    static Document document(ConservationLedger ledger) {
        return new Document("crane/ledger@1", ledger.rule(), ledger.target(), ledger.arrived(), ledger.error(),
                ledger.entries().stream()
                        .map(entry -> new Stage(entry.stage(), entry.in(), entry.out(), labelled(entry), entry.remainder()))
                        .toList());
    }

    private static Map<String, Double> labelled(Entry entry) {
        Map<String, Double> losses = new LinkedHashMap<>();
        for (Loss loss : Loss.values())
            if (entry.losses().containsKey(loss))
                losses.put(loss.label(), entry.losses().get(loss));
        return losses;
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
