package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.collect.ScoreCollection;
import dev.crane.analysis.collect.TokenActivations;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.identify.Method;
import dev.crane.analysis.identify.RandomMatched;
import dev.crane.analysis.identify.SampleMethod;
import dev.crane.analysis.identify.Selection;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.report.ReportData;
import dev.crane.analysis.report.SelectionSummary;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

/** Finds the units of one model: what they get from the samples of each language, and the masks of every method that follow from it. */
final class UnitSearch {
    private final ExperimentFile file;
    private final RunOptions options;
    private final Progress progress;
    private final Path folder;
    private final String name;
    private final String prefix;
    private final CausalLanguageModel model;
    private final Journal journal;
    private final Set<String> artefacts;

    /**
     * @param name what the experiment calls the model
     * @param prefix of the model's files in the folder: empty, or ending in a slash
     * @param artefacts where the names of all that belongs to the experiment are gathered
     */
    UnitSearch(ExperimentFile file, RunOptions options, Progress progress, Path folder, String name, String prefix,
            CausalLanguageModel model,
            Journal journal, Set<String> artefacts) {
        this.file = file;
        this.options = options;
        this.progress = progress;
        this.folder = folder;
        this.name = name;
        this.prefix = prefix;
        this.model = model;
        this.journal = journal;
        this.artefacts = artefacts;
    }

    /**
     * Finds the masks of every method, in the experiment's order, language by language.
     *
     * @param selections where what the report shows of them is gathered
     */
    List<EvaluationRun.Masked> run(Map<String, Corpus> corpora, Timings timings, List<ReportData.Selection> selections) {
        Map<Quantity, List<LanguageStatistics>> statistics = timings.time("relevance", () -> statistics(corpora));
        timings.time("ledger", () -> new LedgerRun(file, folder, prefix, model, journal, progress).run(corpora, artefacts));
        return timings.time("selection", () -> masks(statistics, corpora, selections));
    }

    // ---- scores ----

    private Map<Quantity, List<LanguageStatistics>> statistics(Map<String, Corpus> corpora) {
        // Methods that look at the same quantity share it, over all units that any of them looks at; quantities of one pass share the pass.
        SequencedMap<String, SequencedMap<Quantity, Set<Site>>> passes = new LinkedHashMap<>();
        for (MethodEntry entry : file.methods())
            if (entry instanceof MethodEntry.ByScores method)
                passes.computeIfAbsent(method.quantity().pass(), pass -> new LinkedHashMap<>())
                        .computeIfAbsent(method.quantity(), quantity -> EnumSet.noneOf(Site.class)).addAll(method.units());
        FaithfulnessRun.quantities(file).forEach((quantity, units) -> passes.computeIfAbsent(quantity.pass(), pass -> new LinkedHashMap<>())
                .computeIfAbsent(quantity, q -> EnumSet.noneOf(Site.class)).addAll(units));
        Map<Quantity, List<LanguageStatistics>> statistics = new HashMap<>();
        for (SequencedMap<Quantity, Set<Site>> quantities : passes.values())
            corpora.forEach((language, corpus) -> {
                gather(quantities, language, corpus);
                for (Quantity quantity : quantities.keySet())
                    statistics.computeIfAbsent(quantity, q -> new ArrayList<>())
                            .add(StatisticsFile.read(StatisticsFile.in(folder.resolve(folderOf(quantity)), language)));
            });
        return statistics;
    }

    /** Where a quantity's files are, below the experiment's folder. */
    private String folderOf(Quantity quantity) {
        return folderOf(file, prefix, quantity);
    }

    static String folderOf(ExperimentFile file, String prefix, Quantity quantity) {
        return prefix + (quantity.equals(file.scores().quantity()) ? "stats" : "stats/" + quantity.label());
    }

    private void gather(SequencedMap<Quantity, Set<Site>> quantities, String language, Corpus corpus) {
        ScoreCollection all = new ScoreCollection(model, settings(quantities), options.tokenBudget());
        SequencedMap<Quantity, Set<Site>> missing = new LinkedHashMap<>();
        Map<Quantity, Path> folders = new HashMap<>();
        quantities.forEach((quantity, units) -> {
            artefacts.add(folderOf(quantity) + "/" + language);
            if (!journal.finished(folderOf(quantity) + "/" + language, all.inputs(language, quantity, corpus))) {
                missing.put(quantity, units);
                folders.put(quantity, folder.resolve(folderOf(quantity)));
            }
        });
        if (missing.isEmpty()) {
            progress.note(all.stage(language) + ": all there");
            return;
        }
        ScoreCollection collection = new ScoreCollection(model, settings(missing), options.tokenBudget());
        collection.collect(language, corpus, folders, folder.resolve("work").resolve(prefix), progress).forEach((quantity, files) -> journal
                .record(folderOf(quantity) + "/" + language, collection.inputs(language, quantity, corpus), files));
    }

    private CollectionSettings settings(SequencedMap<Quantity, Set<Site>> quantities) {
        Set<Quantity> perSample = file.methods().stream()
                .filter(entry -> entry instanceof MethodEntry.ByScores method && method.method() instanceof SampleMethod)
                .map(entry -> ((MethodEntry.ByScores) entry).quantity()).collect(Collectors.toSet());
        perSample.retainAll(quantities.keySet());
        return new CollectionSettings(quantities, file.scores().samples(), file.scores().seed(), file.scores().maxTokens(),
                CollectionSettings.TOP_EXAMPLES, perSample);
    }

    // ---- masks ----

    /**
     * A mask that is chosen and not written.
     *
     * @param settings of its method, for its provenance
     * @param statistics of its language, what it was chosen from
     */
    private record Chosen(ArmInterventions.Arm arm, Selection selection, SortedMap<String, String> settings,
            LanguageStatistics statistics) {}

    private List<EvaluationRun.Masked> masks(Map<Quantity, List<LanguageStatistics>> statistics, Map<String, Corpus> corpora,
            List<ReportData.Selection> selections) {
        List<Chosen> chosen = new ArrayList<>();
        Map<String, Map<String, UnitMask>> byLabel = new HashMap<>();
        Map<String, MethodEntry.ByScores> methods = new HashMap<>();
        for (MethodEntry entry : file.methods()) {
            switch (entry) {
                case MethodEntry.ByScores method -> {
                    List<LanguageStatistics> restricted = restricted(statistics, method);
                    Map<String, Selection> selected = select(method, restricted);
                    SortedMap<String, String> settings = new TreeMap<>(method.method().settings());
                    method.matchBudget().ifPresent(other -> {
                        settings.put("match_budget", other);
                        selected.replaceAll((language, selection) -> selection.withCount(byLabel.get(other).get(language).count()));
                    });
                    methods.put(method.label(), method);
                    byLabel.put(method.label(), masks(selected));
                    chosen.addAll(chosen(entry, "", selected, restricted, settings));
                    for (LanguageStatistics language : restricted)
                        selections.add(
                                summary(method.label(), selected.get(language.language()), language, corpora.get(language.language())));
                }
                case MethodEntry.Random random -> {
                    List<LanguageStatistics> restricted = restricted(statistics, methods.get(random.like()));
                    for (long seed : random.seeds()) {
                        RandomMatched method = new RandomMatched(byLabel.get(random.like()), !random.uniform(), seed);
                        SortedMap<String, String> settings = new TreeMap<>(method.settings());
                        settings.put("match", random.like());
                        chosen.addAll(chosen(entry, Long.toString(seed), method.select(restricted), restricted, settings));
                    }
                }
            }
        }
        return write(chosen, corpora);
    }

    private static Map<String, UnitMask> masks(Map<String, Selection> selected) {
        Map<String, UnitMask> masks = new HashMap<>();
        selected.forEach((language, selection) -> masks.put(language, selection.mask()));
        return masks;
    }

    private static List<LanguageStatistics> restricted(Map<Quantity, List<LanguageStatistics>> statistics,
            MethodEntry.ByScores method) {
        return statistics.get(method.quantity()).stream().map(language -> language.restrictedTo(method.units())).toList();
    }

    private Map<String, Selection> select(MethodEntry.ByScores entry, List<LanguageStatistics> statistics) {
        return switch (entry.method()) {
            case Method method -> method.select(statistics);
            case SampleMethod method -> {
                List<SampleScores> samples = new ArrayList<>();
                try {
                    for (LanguageStatistics language : statistics)
                        samples.add(SampleScores.open(SampleScores.in(folder.resolve(folderOf(entry.quantity())), language.language())));
                    yield method.select(samples, entry.units());
                } finally {
                    samples.forEach(SampleScores::close);
                }
            }
        };
    }

    private List<Chosen> chosen(MethodEntry entry, String seed, Map<String, Selection> selected, List<LanguageStatistics> statistics,
            SortedMap<String, String> settings) {
        return statistics.stream().map(language -> {
            Selection selection = selected.get(language.language());
            MaskKey key = new MaskKey(entry.label(), language.language(), seed);
            String artefact = prefix + "masks/" + key.path();
            return new Chosen(new ArmInterventions.Arm(key, artefact, folder.resolve(artefact + ".mask.json"), selection.mask(),
                    entry.treatment()), selection, settings, language);
        }).toList();
    }

    /** Writes the masks, with what they do to their units. */
    private List<EvaluationRun.Masked> write(List<Chosen> chosen, Map<String, Corpus> corpora) {
        ScoreSettings scores = file.scores();
        ArmInterventions arms = new ArmInterventions(
                new TokenActivations(model, scores.samples(), scores.seed(), scores.maxTokens(), options.tokenBudget()), corpora,
                folder.resolve("work").resolve(prefix), journal, progress);
        Map<MaskKey, MaskIntervention> interventions = arms.of(chosen.stream().map(Chosen::arm).toList());
        List<EvaluationRun.Masked> masks = new ArrayList<>();
        for (Chosen one : chosen) {
            MaskKey key = one.arm.key();
            one.selection.maskFile(ModelIdentity.masked(model), key.method(), one.settings, one.statistics, interventions.get(key))
                    .write(one.arm.file());
            artefacts.add(one.arm.artefact());
            // Units follow from the statistics in no time, so masks are written each time; the journal knows them for the numbers that took a pass, and to
            // remove the masks of a method that is gone.
            String inputs = arms.inputs(one.arm);
            if (!journal.finished(one.arm.artefact(), inputs))
                journal.record(one.arm.artefact(), inputs, List.of(one.arm.file()));
            masks.add(new EvaluationRun.Masked(key, one.selection.mask(), interventions.get(key)));
        }
        arms.finish();
        return masks;
    }

    private ReportData.Selection summary(String label, Selection selection, LanguageStatistics statistics, Corpus corpus) {
        Set<Long> wanted = new HashSet<>();
        for (long line : SelectionSummary.lines(selection, statistics))
            wanted.add(line);
        Map<Long, String> texts = new HashMap<>();
        corpus.read(Choice.all(), document -> {
            if (wanted.contains((long) document.line()))
                texts.put((long) document.line(), document.text());
        });
        return SelectionSummary.of(name, label, selection, statistics, texts::get);
    }
}
