package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.evaluate.Condition;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.RequestScorer;
import dev.crane.analysis.evaluate.SampleFile;
import dev.crane.analysis.evaluate.ScoreLog;
import dev.crane.analysis.evaluate.ScoredMeasure;
import dev.crane.analysis.evaluate.TokenRequest;
import dev.crane.analysis.evaluate.TokenScore;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Sampling;
import dev.crane.models.generate.TextGenerator;

/**
 * Measures a model under masks, into {@code samples/MASK/LANG.NAME.jsonl} of an output folder. What the journal knows to be finished is read back; scores of
 * what is not are kept in {@code work/} as they come.
 */
public final class EvaluationRun {
    /** A step of generation reads all weights whatever the number of prompts; more of them take memory for their keys and values. */
    private static final int PROMPTS_AT_ONCE = 16;

    private final CausalLanguageModel model;
    private final Path folder;
    private final String prefix;
    private final Journal journal;
    private final int tokenBudget;

    /**
     * A run of one model.
     *
     * @param folder the output folder that the journal belongs to
     * @param prefix of the names of the model's files in it: empty, or ending in a slash
     */
    public EvaluationRun(CausalLanguageModel model, Path folder, String prefix, Journal journal, int tokenBudget) {
        this.model = model;
        this.folder = folder;
        this.prefix = prefix;
        this.journal = journal;
        this.tokenBudget = tokenBudget;
    }

    /**
     * A mask to be measured.
     *
     * @param key what it is called
     * @param units its units; none: the model as it is
     * @param intervention what happens to them
     */
    public record Masked(MaskKey key, UnitMask units, MaskIntervention intervention) {
        /** The model as it is. */
        public static final Masked NOTHING = new Masked(MaskKey.UNMASKED, UnitMask.empty());

        /** A mask that sets its units to zero. */
        public Masked(MaskKey key, UnitMask units) {
            this(key, units, new MaskIntervention.Zero());
        }

        private InterventionSet interventions() {
            return intervention.on(units, key.path());
        }
    }

    /** One mask and one text or task. */
    private record Cell(Masked masked, Measure measure, String artefact, String inputs, Path file) {}

    /** The artefacts' names in the journal. */
    public List<String> artefacts(List<Masked> masks, List<Measure> measures) {
        return masks.stream().flatMap(mask -> measures.stream().map(measure -> artefact(mask.key(), measure))).toList();
    }

    private String artefact(MaskKey key, Measure measure) {
        return prefix + "samples/" + key.path() + "/" + (measure.language().isEmpty() ? "" : measure.language() + ".") + measure.name();
    }

    /** Measures everything that is not measured yet. */
    public List<Evaluated> run(List<Masked> masks, List<Measure> measures, Progress progress) {
        List<Cell> cells = new ArrayList<>();
        for (Masked masked : masks)
            for (Measure measure : measures)
                cells.add(cell(masked, measure));
        Map<Boolean, List<Cell>> finished = cells.stream()
                .collect(Collectors.partitioningBy(cell -> journal.finished(cell.artefact, cell.inputs)));
        score(finished.get(false), finished.get(true).stream().mapToLong(cell -> cell.measure.requests().size()).sum(), progress);
        List<Evaluated> evaluated = new ArrayList<>();
        for (Masked masked : masks) {
            List<Measurement> measurements = cells.stream().filter(cell -> cell.masked.key.equals(masked.key))
                    .map(cell -> SampleFile.read(cell.file, cell.measure)).toList();
            evaluated.add(new Evaluated(masked.key, masked.units.count(), measurements));
        }
        return evaluated;
    }

    private Cell cell(Masked masked, Measure measure) {
        String artefact = artefact(masked.key, measure);
        Fingerprint inputs = new Fingerprint().add("version", CraneVersion.get()).add("backend", model.engine().backend().name())
                .add("model", model.hash())
                .add("measure", measure.fingerprint());
        masked.units.units().forEach((point, rows) -> inputs.add(point.path(), Arrays.toString(rows)));
        if (!(masked.intervention instanceof MaskIntervention.Zero))
            inputs.add("intervention", masked.intervention.exact());
        return new Cell(masked, measure, artefact, inputs.hex(), folder.resolve(artefact + ".jsonl"));
    }

    private void score(List<Cell> missing, long before, Progress progress) {
        if (missing.isEmpty()) {
            progress.note("evaluation: all there");
            return;
        }
        List<Cell> cells = missing.stream().filter(cell -> !(cell.measure instanceof ScoredMeasure.Generation)).toList();
        for (Cell cell : missing)
            if (cell.measure instanceof ScoredMeasure.Generation generation)
                generate(cell, generation, progress);
        if (cells.isEmpty())
            return;
        Map<MaskKey, Condition> conditions = new HashMap<>();
        List<RequestScorer.Work> all = new ArrayList<>();
        for (Cell cell : cells) {
            Condition condition = conditions.computeIfAbsent(cell.masked.key, key -> cell.masked.units.count() == 0
                    ? Condition.UNMASKED
                    : new Condition(key.path(), cell.masked.interventions()));
            List<TokenRequest> requests = cell.measure.requests();
            Path log = folder.resolve("work").resolve(cell.artefact.replace('/', '.') + ".scores.jsonl");
            all.add(new RequestScorer.Work(condition, requests, ScoreLog.open(log, cell.inputs, requests.size())));
        }
        new RequestScorer(model.engine(), tokenBudget).score(all, index -> finish(cells.get(index), all.get(index).log()), "evaluation",
                before, progress);
    }

    /** Answers of one mask, some at a time: what a prompt gives does not depend on the others. */
    private void generate(Cell cell, ScoredMeasure.Generation measure, Progress progress) {
        List<InterventionSet> sets = cell.masked.units.count() == 0
                ? List.of()
                : List.of(cell.masked.interventions());
        List<String> answers = new ArrayList<>();
        long begin = System.nanoTime();
        for (int from = 0; from < measure.size(); from += PROMPTS_AT_ONCE) {
            List<int[]> prompts = measure.prompts().subList(from, Math.min(from + PROMPTS_AT_ONCE, measure.size()));
            new TextGenerator(model)
                    .generate(prompts, Sampling.GREEDY, measure.maxTokens(), sets, sets.isEmpty() ? null : new int[prompts.size()],
                            (prompt, id, text) -> {
                            })
                    .forEach(generated -> answers.add(measure.answer(generated.text())));
            progress.report(
                    new Progress.Step("generation", answers.size(), measure.size(), "answers", 0, (System.nanoTime() - begin) / 1e9));
        }
        SampleFile.write(cell.file, measure.answered(answers));
        journal.record(cell.artefact, cell.inputs, List.of(cell.file));
    }

    private void finish(Cell cell, ScoreLog log) {
        List<TokenScore> scores = log.all();
        SampleFile.write(cell.file, cell.measure.measurement(scores));
        journal.record(cell.artefact, cell.inputs, List.of(cell.file));
        log.delete();
    }

    /** Writes {@code results.json}. */
    public void writeResults(List<Evaluated> evaluated) {
        AtomicFile.writeString(folder.resolve(prefix + "results.json"), HarnessResults.of(ModelIdentity.of(model), evaluated));
    }
}
