package dev.crane.analysis.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.collect.LedgerFile.Stage;
import dev.crane.analysis.table.Csv;
import dev.crane.engine.relevance.ConservationLedger.Loss;

/**
 * Where the relevance of a language's samples goes in a model.
 *
 * @param model what the experiment calls it
 * @param ledger the mean over the samples
 */
public record LanguageLedger(String model, String language, LedgerFile ledger) {
    /** The table's name. */
    static final String TABLE = "conservation.csv";

    /** All that an experiment's folder has: beside its other files, or in a folder for each of several models. */
    static List<LanguageLedger> read(Path folder, ReportData data) {
        List<String> models = data.matrix().stream().map(ReportData.Measurement::model).distinct().toList();
        List<LanguageLedger> ledgers = new ArrayList<>();
        for (String model : models)
            for (String language : data.languages()) {
                Path file = LedgerFile.in(models.size() == 1 ? folder : folder.resolve(model), language);
                if (Files.isRegularFile(file))
                    ledgers.add(new LanguageLedger(model, language, LedgerFile.read(file)));
            }
        return ledgers;
    }

    /** Every stage as a row of {@code conservation.csv}. */
    static String table(List<LanguageLedger> ledgers) {
        List<String> header = new ArrayList<>(List.of("model", "language", "rule", "stage", "in"));
        for (Loss loss : Loss.values())
            header.add(loss.label());
        header.addAll(List.of("out", "unexplained", "error"));
        Csv csv = new Csv(header.toArray(String[]::new));
        for (LanguageLedger one : ledgers)
            for (Stage stage : one.ledger.stages()) {
                List<Object> row = new ArrayList<>(List.of(one.model, one.language, one.ledger.rule(), stage.stage(), stage.in()));
                for (Loss loss : Loss.values())
                    row.add(stage.losses().getOrDefault(loss.label(), 0.0));
                row.addAll(List.of(stage.out(), stage.remainder(), stage.error()));
                csv.row(row.toArray());
            }
        return csv.toString();
    }
}
