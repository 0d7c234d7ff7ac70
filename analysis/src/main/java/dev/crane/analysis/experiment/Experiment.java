package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.faithfulness.Faithfulness;
import dev.crane.analysis.faithfulness.FaithfulnessFiles;
import dev.crane.analysis.faithfulness.LanguageFaithfulness;
import dev.crane.analysis.harness.TaskFiles;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.report.Report;
import dev.crane.analysis.report.ReportData;
import dev.crane.analysis.report.SelectionsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.file.AtomicFile;
import dev.crane.models.CausalLanguageModel;

/**
 * Runs an experiment: scores → statistics → masks → the matrix of every mask on every language → tables and report, all in one folder. What is finished is
 * noted in the folder's {@link Journal}; the same experiment run again does only what is missing or has changed, and a run that was killed at any
 * moment ends with the same bytes as an unbroken one.
 *
 * <pre>
 * experiment.json                      what this is
 * LANG.ledger.json                     where the relevance goes
 * stats/LANG.stats.safetensors         (stats/QUANTITY/… for a method that looks at something else)
 * masks/METHOD/[seedN/]LANG.mask.json
 * samples/METHOD/[seedN/]LANG/LANG.NAME.jsonl, samples/none/LANG.NAME.jsonl
 * results.json, matrix.csv, summary.csv, intervals.csv, selections.json, report.html
 * faithfulness.json, faithfulness.csv, faithfulness-units.csv, faithfulness/LANG.scores.jsonl   where it is asked for
 * journal.jsonl, timings.json, work/   how it went
 * </pre>
 *
 * <p>With several models, the ledgers, {@code stats}, {@code masks}, {@code samples} and {@code results.json} are in a folder of each, and the masks found on each are
 * measured on all: on another model the method METHOD of the model SOURCE is called {@code METHOD@SOURCE}. The models must have the same layers and widths.
 */
public final class Experiment {
    private static final String FAITHFULNESS = "faithfulness";
    private static final String SELECTIONS = "selections";

    private final ExperimentFile file;
    private final RunOptions options;
    private final Progress progress;
    private final Path folder;
    private final Journal journal;
    private final Timings timings = new Timings();
    private final Set<String> artefacts = new LinkedHashSet<>();
    private final List<LanguageFaithfulness> faithfulness = new ArrayList<>();

    private Experiment(ExperimentFile file, RunOptions options, Progress progress, Path folder) {
        this.file = file;
        this.options = options;
        this.progress = progress;
        this.folder = folder;
        this.journal = Journal.open(folder);
    }

    /**
     * Runs it.
     *
     * @param out the folder of its results; made if it is not there
     * @throws CraneException something in the experiment cannot be used, or the folder cannot be written: nothing is half-written
     */
    public static ExperimentResult run(ExperimentFile file, Path out, RunOptions options, Progress progress) {
        try (OutputFolder folder = OutputFolder.take(out)) {
            return new Experiment(file, options, progress, folder.path()).run(folder);
        }
    }

    private interface WithModel<R> {
        R apply(CausalLanguageModel model);
    }

    /** One model is in memory at a time. */
    private <R> R with(String name, WithModel<R> work) {
        try (CausalLanguageModel model = CausalLanguageModel.load(file.models().get(name), options.backend().apply(file.backend()),
                EngineOptions.DEFAULT)) {
            return work.apply(model);
        }
    }

    private ExperimentResult run(OutputFolder taken) {
        // All that the run will read is opened first, so that a mistake shows before hours of work.
        Map<String, Corpus> corpora = new LinkedHashMap<>();
        for (ExperimentFile.Language language : file.languages())
            corpora.put(language.name(), Corpus.open(language.identify()));
        List<ReportData.Selection> selections = new ArrayList<>();
        ResultTables tables = file.models().size() == 1 ? one(taken, corpora, selections) : several(taken, corpora, selections);
        tables.write(folder);
        file.faithfulness().ifPresent(plan -> {
            // Made anew from the scores each time; the journal knows the files to remove them when they are no longer asked for.
            artefacts.add(FAITHFULNESS);
            List<Path> files = new ArrayList<>(FaithfulnessFiles.write(folder, plan.settings(), faithfulness));
            faithfulness.forEach(one -> files.add(Faithfulness.log(
                    folder.resolve((file.models().size() == 1 ? "" : one.model() + "/") + FAITHFULNESS), one.language())));
            if (!journal.finished(FAITHFULNESS, ""))
                journal.record(FAITHFULNESS, "", files);
        });
        journal.keepOnly(artefacts);
        Path report = Report.write(folder);
        AtomicFile.writeString(folder.resolve("timings.json"), timings.json());
        taken.tidy();
        return new ExperimentResult(folder, tables, report);
    }

    private ResultTables one(OutputFolder taken, Map<String, Corpus> corpora, List<ReportData.Selection> selections) {
        String name = file.models().firstEntry().getKey();
        return with(name, model -> {
            List<Measure> measures = measures(model);
            ObjectNode record = ExperimentRecord.of(file, Map.of(name, ExperimentRecord.Model.of(model)));
            ExperimentRecord.claim(taken, record);
            boolean known = selectionsKnown(record);
            List<EvaluationRun.Masked> masks = search(name, "", model, corpora, known, selections);
            keep(record, known, selections);
            return evaluate(name, "", model, measures, masks);
        });
    }

    private ResultTables several(OutputFolder taken, Map<String, Corpus> corpora, List<ReportData.Selection> selections) {
        Map<String, ExperimentRecord.Model> models = new LinkedHashMap<>();
        MaskedModel first = null;
        for (String name : file.models().keySet()) {
            MaskedModel layout = with(name, model -> {
                measures(model);
                models.put(name, ExperimentRecord.Model.of(model));
                return ModelIdentity.masked(model);
            });
            if (first == null)
                first = layout;
            layout.difference(first).ifPresent(difference -> {
                throw new CraneException(file.path() + ": models: " + name + " has " + difference + " as "
                        + file.models().firstEntry().getKey()
                        + " has, so masks cannot go from one to the other; run them as experiments of their own");
            });
        }
        ObjectNode record = ExperimentRecord.of(file, models);
        ExperimentRecord.claim(taken, record);
        boolean known = selectionsKnown(record);
        Map<String, List<EvaluationRun.Masked>> masks = new LinkedHashMap<>();
        for (String name : file.models().keySet())
            masks.put(name, with(name, model -> search(name, name + "/", model, corpora, known, selections)));
        keep(record, known, selections);
        List<ResultTables> tables = new ArrayList<>();
        for (String name : file.models().keySet()) {
            List<EvaluationRun.Masked> here = new ArrayList<>(masks.get(name));
            masks.forEach((source, found) -> {
                if (!source.equals(name))
                    found.forEach(mask -> here.add(new EvaluationRun.Masked(mask.key().from(source), mask.units(), mask.intervention())));
            });
            tables.add(with(name, model -> evaluate(name, name + "/", model, measures(model), here)));
        }
        return ResultTables.concatenated(tables);
    }

    private List<EvaluationRun.Masked> search(String name, String prefix, CausalLanguageModel model, Map<String, Corpus> corpora,
            boolean known, List<ReportData.Selection> selections) {
        List<ReportData.Selection> found = new ArrayList<>();
        List<EvaluationRun.Masked> masks = new UnitSearch(file, options, progress, folder, name, prefix, model, journal, artefacts)
                .run(corpora, timings, found);
        if (!known)
            selections.addAll(timings.time("top units",
                    () -> new UnitTokens(model, file.scores(), quantities(), progress).in(found, corpora)));
        return masks;
    }

    private Map<String, Quantity> quantities() {
        Map<String, Quantity> quantities = new HashMap<>();
        for (MethodEntry entry : file.methods())
            if (entry instanceof MethodEntry.ByScores method)
                quantities.put(method.label(), method.quantity());
        return quantities;
    }

    /** Whether the folder has the selections of this experiment, with what their examples' tokens give to the units, which takes passes. */
    private boolean selectionsKnown(ObjectNode record) {
        artefacts.add(SELECTIONS);
        return journal.finished(SELECTIONS, inputs(record));
    }

    private void keep(ObjectNode record, boolean known, List<ReportData.Selection> selections) {
        if (known)
            return;
        Path path = folder.resolve("selections.json");
        SelectionsFile.write(path, selections);
        journal.record(SELECTIONS, inputs(record), List.of(path));
    }

    /** All that went in but what is measured and how. */
    private static String inputs(ObjectNode record) {
        ObjectNode selecting = record.deepCopy();
        selecting.remove(List.of("evaluate", "metrics", "faithfulness"));
        selecting.withObject("scores").remove("ledger");
        return new Fingerprint().add("selections", selecting).hex();
    }

    private ResultTables evaluate(String name, String prefix, CausalLanguageModel model, List<Measure> measures,
            List<EvaluationRun.Masked> found) {
        List<EvaluationRun.Masked> masks = new ArrayList<>(List.of(EvaluationRun.Masked.NOTHING));
        masks.addAll(found);
        EvaluationRun evaluation = new EvaluationRun(model, folder, prefix, journal, options.tokenBudget());
        artefacts.addAll(evaluation.artefacts(masks, measures));
        List<Evaluated> evaluated = timings.time("evaluation", () -> evaluation.run(masks, measures, progress));
        evaluation.writeResults(evaluated);
        file.faithfulness().ifPresent(plan -> faithfulness.addAll(timings.time(FAITHFULNESS,
                () -> FaithfulnessRun.run(file, plan, model, name, folder, prefix, options.tokenBudget(), progress))));
        return timings.time("tables",
                () -> ResultTables.of(name, evaluated, Controls.of(file.methods()), file.langSpecF1()));
    }

    private List<Measure> measures(CausalLanguageModel model) {
        int window = Math.min(file.evaluation().maxTokens().orElse(Integer.MAX_VALUE), model.spec().maxPositions());
        List<Measure> measures = new ArrayList<>();
        for (ExperimentFile.Language language : file.languages()) {
            if (language.heldout() != null)
                measures.add(Measure.Texts.of(language.name(), Corpus.open(language.heldout()),
                        file.evaluation().documents().orElse(Integer.MAX_VALUE), model.hasTokenizer() ? model.tokenizer() : null,
                        model.spec().vocabulary(), window));
            for (Path task : language.tasks())
                measures.addAll(TaskFiles.measures(language.name(), task, file.evaluation().tasks(), model.tokenizer(),
                        model.spec().maxPositions()));
        }
        if (measures.isEmpty())
            throw new CraneException(file.path() + ": nothing is measured; give at least one language heldout texts or tasks");
        return measures;
    }
}
