package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.experiment.RunOptions;
import dev.crane.analysis.experiment.ScoreSettings;
import dev.crane.analysis.faithfulness.Faithfulness;
import dev.crane.analysis.faithfulness.FaithfulnessFiles;
import dev.crane.analysis.faithfulness.FaithfulnessSettings;
import dev.crane.analysis.faithfulness.LanguageFaithfulness;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

/** {@code crane faithfulness}: whether relevance predicts what masking does. */
@Command(name = "faithfulness",
        description = "Measure whether relevance predicts what masking does: deletion and insertion curves, single units.",
        footer = {"",
                "Units are deleted, or alone kept, in the order of their relevance, their activation, and at random; the areas between the curves say how much",
                "better than chance an order is. Writes faithfulness.json, faithfulness.csv and faithfulness-units.csv to --out; in the folder of an experiment",
                "'crane report' then shows them. Interrupted, it goes on where it was.", "",
                "Examples:",
                "  crane faithfulness -m models/babel-base -c en=models/corpora/en.identify.jsonl -c vi=models/corpora/vi.identify.jsonl \\",
                "    --heldout en=models/corpora/en.heldout.jsonl --heldout vi=models/corpora/vi.heldout.jsonl -n 128 --out faithfulness",
                "  crane faithfulness -m models/babel-base --stats crane-out/stats --heldout en=models/corpora/en.heldout.jsonl --out crane-out"})
final class FaithfulnessCommand implements Callable<Integer> {
    private static final Quantity.Activation ACTIVATION = new Quantity.Activation(Reduction.MEAN_ABS);

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Mixin
    private ModelOptions model;

    @Option(names = {"-c", "--corpus"}, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "A language and the texts its units are scored on; one for each language. " + TextFile.DESCRIPTION)
    private List<LanguageFile> corpora = List.of();

    @Option(names = "--stats", paramLabel = "DIR",
            description = "Scores that are there, instead of --corpus: a folder of 'crane relevance', or stats/ of an experiment; below it "
                    + "activation.mean-abs, where there is one.")
    private Path statistics;

    @Option(names = "--heldout", required = true, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "A language and the texts on which masks are measured; may be given again.")
    private List<LanguageFile> heldout;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the results; made if it is not there.")
    private Path out;

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",", description = "Units to put in order. Default: mlp.neuron.")
    private List<String> units = List.of("mlp.neuron");

    @Option(names = {"-n", "--samples"}, paramLabel = "N",
            description = "Samples for each language to score units on. Default: ${DEFAULT-VALUE}.")
    private int samples = ScoreSettings.SAMPLES;

    @Option(names = "--fractions", paramLabel = "X", split = ",",
            description = "Shares of the units that are deleted or kept. Default: 0.01,0.02,0.05,0.1,0.2,0.35,0.5,0.75,1.")
    private List<Double> fractions = FaithfulnessSettings.DEFAULT.fractions();

    @Option(names = "--sampled", paramLabel = "N", description = "Units that are zeroed one by one; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int sampled = FaithfulnessSettings.DEFAULT.sampled();

    @Option(names = "--documents", paramLabel = "N",
            description = "Held-out texts of each language, from the first. Default: ${DEFAULT-VALUE}.")
    private int documents = FaithfulnessSettings.DEFAULT.documents();

    @Option(names = "--max-tokens", paramLabel = "N", description = "Tokens a text is cut to. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = FaithfulnessSettings.DEFAULT.maxTokens();

    @Option(names = "--seeds", paramLabel = "N", description = "Random orders, at least 3. Default: ${DEFAULT-VALUE}.")
    private int seeds = FaithfulnessSettings.DEFAULT.randomOrders();

    @Option(names = "--seed", paramLabel = "N",
            description = "Of samples, random orders and the choice of units. Default: ${DEFAULT-VALUE}.")
    private long seed = ScoreSettings.SEED;

    @Option(names = "--token-budget", paramLabel = "N", description = "Most tokens in a batch. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget = RunOptions.TOKEN_BUDGET;

    @Mixin
    private JsonOption json;

    /** Relevance and activations of the same units, and what the relevance is. */
    private record Scores(Quantity.Relevance quantity, List<LanguageStatistics> relevance, Map<String, LanguageStatistics> activations) {}

    @Override
    public Integer call() {
        TextFile.checkMaxTokens(spec, maxTokens);
        if (corpora.isEmpty() == (statistics == null))
            throw new ParameterException(spec.commandLine(), "give --corpus LANG=FILE for each language, or --stats DIR");
        if (samples < 1 || tokenBudget < 1)
            throw new ParameterException(spec.commandLine(), "--samples and --token-budget must be at least 1");
        FaithfulnessSettings settings;
        try {
            settings = new FaithfulnessSettings(fractions, sampled, documents, maxTokens, seeds, seed);
        } catch (CraneException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
        Set<Site> sites = CollectOptions.sites(units);
        SequencedMap<String, Corpus> texts = opened("--heldout", heldout);
        SequencedMap<String, Corpus> identify = opened("--corpus", corpora);
        List<LanguageFaithfulness> results;
        try (OutputFolder folder = OutputFolder.take(out)) {
            if (statistics == null && Files.exists(folder.path().resolve("experiment.json")))
                throw new CraneException(
                        out + ": holds an experiment, whose scores must not be written over; take them (--stats " + out.resolve("stats")
                                + "), or give another --out");
            try (CausalLanguageModel loaded = model.load(); ProgressDisplay progress = crane.progress()) {
                Interruption.resumable();
                Scores scores = statistics == null
                        ? gathered(loaded, sites, identify, folder.path(), progress)
                        : read(loaded, sites, progress);
                for (String language : texts.keySet())
                    if (scores.relevance.stream().noneMatch(one -> one.language().equals(language)))
                        throw new CraneException(
                                "--heldout " + language + ": there are no scores of " + language + "; give --corpus " + language + "=FILE");
                results = new Faithfulness(loaded, loaded.name(), settings, scores.quantity, folder.path().resolve("faithfulness"),
                        tokenBudget,
                        progress).run(scores.relevance, scores.activations, texts);
            }
            FaithfulnessFiles.write(folder.path(), settings, results);
            folder.tidy();
        }
        PrintWriter print = spec.commandLine().getOut();
        if (json.asked())
            Json.print(print, results);
        else
            print(results, print);
        return ExitStatus.OK;
    }

    private SequencedMap<String, Corpus> opened(String option, List<LanguageFile> files) {
        SequencedMap<String, Corpus> opened = new LinkedHashMap<>();
        for (LanguageFile file : files)
            if (opened.put(file.language(), Corpus.open(file.file())) != null)
                throw new ParameterException(spec.commandLine(), option + " " + file.language() + " is given twice");
        return opened;
    }

    private Scores gathered(CausalLanguageModel loaded, Set<Site> sites, Map<String, Corpus> identify, Path folder,
            ProgressDisplay progress) {
        for (Map.Entry<Quantity, String> quantity : Map
                .<Quantity, String>of(Quantity.Relevance.CRANE, "stats", ACTIVATION, "stats/" + ACTIVATION.label())
                .entrySet())
            CollectOptions.gather(loaded, CollectionSettings.of(quantity.getKey(), sites, samples, seed, Integer.MAX_VALUE, false),
                    tokenBudget,
                    identify, folder, Map.of(quantity.getKey(), quantity.getValue()), progress);
        List<LanguageStatistics> relevance = identify.keySet().stream()
                .map(language -> StatisticsFile.read(StatisticsFile.in(folder.resolve("stats"), language))).toList();
        Map<String, LanguageStatistics> activations = new HashMap<>();
        for (String language : identify.keySet())
            activations.put(language,
                    StatisticsFile.read(StatisticsFile.in(folder.resolve("stats").resolve(ACTIVATION.label()), language)));
        return new Scores(Quantity.Relevance.CRANE, relevance, activations);
    }

    private Scores read(CausalLanguageModel loaded, Set<Site> sites, ProgressDisplay progress) {
        List<LanguageStatistics> relevance = StatisticsFile.readAll(statistics).stream().map(one -> one.restrictedTo(sites)).toList();
        LanguageStatistics.requireComparable(relevance);
        LanguageStatistics first = relevance.getFirst();
        String rule = first.provenance().get(ProvenanceKey.RULE);
        if (rule == null)
            throw new CraneException(statistics + ": holds statistics of " + first.provenance().get(ProvenanceKey.SCORE)
                    + ", not of relevance; make them with crane relevance");
        if (!first.model().isSame(ModelIdentity.masked(loaded)))
            throw new CraneException(statistics + ": holds statistics of " + first.model().name() + ", not of " + loaded.name()
                    + "; score this model (--corpus)");
        Map<String, LanguageStatistics> activations = new HashMap<>();
        Path below = statistics.resolve(ACTIVATION.label());
        if (Files.isDirectory(below))
            for (LanguageStatistics one : StatisticsFile.readAll(below))
                if (one.moments().keySet().containsAll(first.moments().keySet()))
                    activations.put(one.language(), one.restrictedTo(sites));
        if (activations.isEmpty())
            progress.note("no order by activation: there are no statistics of these units in " + below);
        return new Scores(
                new Quantity.Relevance(Rule.named(rule), Target.named(first.provenance().getOrDefault(ProvenanceKey.TARGET, "mean-logit")),
                        Score.named(first.provenance().getOrDefault(ProvenanceKey.SCORE, "relevance"))),
                relevance, activations);
    }

    private static void print(List<LanguageFaithfulness> results, PrintWriter print) {
        print.println(
                "Area between an order's curve and random orders, as a share of what deleting every unit does (above 0: better than chance)");
        Table areas = new Table().text("language").text("order").number("deletion").number("insertion").text("");
        for (LanguageFaithfulness one : results)
            for (LanguageFaithfulness.Area area : one.areas()) {
                boolean random = !Double.isNaN(area.deletionSd());
                areas.row(one.language(), area.order(), random ? "± " + number(area.deletionSd()) : number(area.deletion()),
                        random ? "± " + number(area.insertionSd()) : number(area.insertion()), random ? "sd over orders" : "");
            }
        areas.print(print);
        if (results.stream().allMatch(one -> one.effects().isEmpty()))
            return;
        print.println();
        print.println("Agreement with the rise that zeroing a unit alone causes, over " + results.getFirst().effects().size() + " units");
        Table agreements = new Table().text("language").text("prediction").number("Pearson").text("95 %").number("Spearman").text("95 %");
        for (LanguageFaithfulness one : results)
            for (LanguageFaithfulness.Agreement agreement : one.agreements())
                agreements.row(one.language(), agreement.prediction(), number(agreement.pearson().value()), interval(agreement.pearson()),
                        number(agreement.spearman().value()), interval(agreement.spearman()));
        agreements.print(print);
    }

    private static String interval(PairedBootstrap.Estimate estimate) {
        return number(estimate.low()) + " … " + number(estimate.high());
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.3f", value);
    }
}
