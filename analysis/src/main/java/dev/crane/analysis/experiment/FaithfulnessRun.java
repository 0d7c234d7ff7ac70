package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.faithfulness.Faithfulness;
import dev.crane.analysis.faithfulness.LanguageFaithfulness;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

/** Faithfulness as a part of an experiment: from the statistics that it gathered, on its held-out texts. */
final class FaithfulnessRun {
    /** What units are ordered by beside their relevance. */
    private static final Quantity.Activation ACTIVATION = new Quantity.Activation(Reduction.MEAN_ABS);

    private FaithfulnessRun() {
    }

    /** The quantities it needs, beside those that methods look at. */
    static SequencedMap<Quantity, Set<Site>> quantities(ExperimentFile file) {
        SequencedMap<Quantity, Set<Site>> quantities = new LinkedHashMap<>();
        file.faithfulness().ifPresent(plan -> {
            quantities.put(file.scores().quantity(), plan.units());
            quantities.put(ACTIVATION, plan.units());
        });
        return quantities;
    }

    /**
     * Measures one model.
     *
     * @param name what the experiment calls it
     * @param prefix of the model's files in the folder: empty, or ending in a slash
     */
    static List<LanguageFaithfulness> run(ExperimentFile file, ExperimentFile.Faithfulness plan, CausalLanguageModel model, String name,
            Path folder, String prefix, int tokenBudget, Progress progress) {
        Map<String, LanguageStatistics> activations = new HashMap<>();
        List<LanguageStatistics> relevance = file.languages().stream()
                .map(language -> read(folder.resolve(UnitSearch.folderOf(file, prefix, file.scores().quantity())), language, plan))
                .toList();
        for (ExperimentFile.Language language : file.languages())
            activations.put(language.name(), read(folder.resolve(UnitSearch.folderOf(file, prefix, ACTIVATION)), language, plan));
        SequencedMap<String, Corpus> heldout = new LinkedHashMap<>();
        for (ExperimentFile.Language language : file.languages())
            if (language.heldout() != null)
                heldout.put(language.name(), Corpus.open(language.heldout()));
        return new Faithfulness(model, name, plan.settings(), file.scores().quantity(), folder.resolve(prefix + "faithfulness"),
                tokenBudget,
                progress).run(relevance, activations, heldout);
    }

    private static LanguageStatistics read(Path stats, ExperimentFile.Language language, ExperimentFile.Faithfulness plan) {
        return StatisticsFile.read(StatisticsFile.in(stats, language.name())).restrictedTo(plan.units());
    }
}
