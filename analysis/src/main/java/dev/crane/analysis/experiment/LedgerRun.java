package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.collect.ScoreCollection;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.engine.CraneException;
import dev.crane.models.CausalLanguageModel;

/** Conservation ledgers as a part of an experiment: of each language's first samples, under the rule and the target of its scores. */
final class LedgerRun {
    private final ExperimentFile file;
    private final Path folder;
    private final String prefix;
    private final CausalLanguageModel model;
    private final Journal journal;
    private final Progress progress;

    /** @param prefix of the model's files in the folder: empty, or ending in a slash */
    LedgerRun(ExperimentFile file, Path folder, String prefix, CausalLanguageModel model, Journal journal, Progress progress) {
        this.file = file;
        this.folder = folder;
        this.prefix = prefix;
        this.model = model;
        this.journal = journal;
        this.progress = progress;
    }

    /**
     * Writes {@code LANG.ledger.json} where it is not there yet.
     *
     * @param artefacts where the names of all that belongs to the experiment are gathered
     * @return the files
     */
    List<Path> run(Map<String, Corpus> corpora, Set<String> artefacts) {
        List<Path> files = new ArrayList<>();
        if (!wanted())
            return files;
        ScoreSettings scores = file.scores();
        Quantity.Relevance quantity = scores.quantity();
        ScoreCollection collection = new ScoreCollection(model,
                CollectionSettings.of(quantity, scores.units(), scores.samples(), scores.seed(), scores.maxTokens(), false),
                RunOptions.TOKEN_BUDGET);
        corpora.forEach((language, corpus) -> {
            String artefact = prefix + "ledger/" + language;
            String inputs = new Fingerprint().add("scores", collection.inputs(language, quantity, corpus))
                    .add("rule", quantity.provenance()).add("ledger", scores.ledger()).hex();
            Path path = LedgerFile.in(folder.resolve(prefix), language);
            if (!journal.finished(artefact, inputs)) {
                try {
                    LedgerFile.of(collection.ledger(corpus, scores.ledger())).write(path);
                } catch (CraneException e) {
                    // It keeps every value of a pass, which a long text of a large model may have no memory for: the study needs it not.
                    progress.note("no ledger of " + language + ": " + e.getMessage());
                    return;
                }
                journal.record(artefact, inputs, List.of(path));
            }
            artefacts.add(artefact);
            files.add(path);
        });
        return files;
    }

    /** Whether it is asked for, and anything in the experiment rests on the rule and target that it is kept for. */
    private boolean wanted() {
        String pass = file.scores().quantity().pass();
        return file.scores().ledger() > 0 && (file.faithfulness().isPresent() || file.methods().stream()
                .anyMatch(entry -> entry instanceof MethodEntry.ByScores method && method.quantity().pass().equals(pass)));
    }
}
