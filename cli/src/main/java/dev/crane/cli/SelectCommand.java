package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.identify.AveragePrecision;
import dev.crane.analysis.identify.Budget;
import dev.crane.analysis.identify.Identification;
import dev.crane.analysis.identify.KurtosisZ;
import dev.crane.analysis.identify.Lape;
import dev.crane.analysis.identify.Method;
import dev.crane.analysis.identify.Plnd;
import dev.crane.analysis.identify.RandomMatched;
import dev.crane.analysis.identify.SampleMethod;
import dev.crane.analysis.identify.Selection;
import dev.crane.analysis.identify.ShareMargin;
import dev.crane.analysis.identify.TopValues;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;

/** {@code crane select}: from statistics to a mask for each language. */
@Command(name = "select", description = "Select the units each language needs and write a mask for each.", footer = {"", "Methods:",
        "  crane                 relevance share margin: --budget or --threshold, --absolute",
        "  crane-kurtosis        z of the scores' kurtosis over samples: --z or --budget, --margin, --preference",
        "  lape                  least entropy of activation probabilities: --lowest, --bar",
        "  plnd                  importance in every sample: --budget, --exclusive",
        "  average-precision     how well a unit tells the language from others: --budget, --ends",
        "  mean-activation       share margin of mean activations: --budget, --absolute; --top for the largest ones",
        "  activation-frequency  the same of the share of tokens with a value above 0: --budget, --top",
        "  random                as many units at every hook point as the masks in --match, drawn by --seed; --uniform",
        "'crane relevance' makes what the first two need, 'crane activations' what the next five need (--per-sample for plnd and",
        "average-precision).", "", "Example:",
        "  crane select --stats stats --method crane --budget 0.05 --units mlp.neuron --out masks"})
final class SelectCommand implements Callable<Integer> {
    /** The options that belong to some methods only. */
    private static final Set<String> OF_METHODS = Set.of("--budget", "--threshold", "--absolute", "--z", "--margin", "--preference",
            "--lowest",
            "--bar", "--exclusive", "--ends", "--top", "--match-budget", "--match", "--seed", "--uniform");

    @Spec
    private CommandSpec spec;

    @Option(names = "--stats", required = true, paramLabel = "DIR",
            description = "Folder that 'crane relevance', 'crane activations' or 'crane merge' wrote.")
    private Path statistics;

    @Option(names = "--method", required = true, paramLabel = "NAME", description = "How: one of those below.")
    private String method;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the masks; made if it is not there.")
    private Path out;

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",", description = "Select among the units of these sites only.")
    private List<String> units = List.of();

    @Option(names = {"-b", "--budget"}, paramLabel = "N",
            description = "Units for each language: a whole number, or a share of all units such as 0.05, which is the default.")
    private String budget;

    @Option(names = "--threshold", paramLabel = "X", description = "crane: all units with a larger margin, instead of a budget.")
    private Double threshold;

    @Option(names = "--absolute", description = "crane, mean-activation: the mean of absolute values instead of the mean.")
    private boolean absolute;

    @Option(names = "--z", paramLabel = "X", description = "crane-kurtosis: all units with a larger z. Default: 1.")
    private Double z;

    @Option(names = "--margin", paramLabel = "X",
            description = "crane-kurtosis: z must exceed that of every other language by more than this.")
    private Double margin;

    @Option(names = "--preference", paramLabel = "X",
            description = "crane-kurtosis: |z| must be at least this share of the sum over languages.")
    private Double preference;

    @Option(names = "--lowest", paramLabel = "X", description = "lape: share of all units that are language-specific. Default: 0.01.")
    private Double lowest;

    @Option(names = "--bar", paramLabel = "X", description = "lape: quantile of all activation probabilities to exceed. Default: 0.95.")
    private Double bar;

    @Option(names = "--exclusive", description = "plnd: leave out units that are another language's too.")
    private boolean exclusive;

    @Option(names = "--ends", paramLabel = "END", description = "average-precision: both, top or bottom of the ranking. Default: both.")
    private AveragePrecision.Ends ends;

    @Option(names = "--top", description = "mean-activation, activation-frequency: the largest, not the largest margins.")
    private boolean top;

    @Option(names = "--uniform", description = "random: draw from all units alike.")
    private boolean uniform;

    @Option(names = "--match-budget", paramLabel = "DIR",
            description = "As many units as the masks in DIR have, those that rank first, instead of the method's own number.")
    private Path matchBudget;

    @Option(names = "--match", paramLabel = "DIR", description = "random: folder of masks to be like.")
    private Path match;

    @Option(names = "--seed", paramLabel = "N", description = "random: seed of the draw. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Mixin
    private InterventionOption intervention;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        Identification chosen = method();
        List<LanguageStatistics> means = intervention.means(statistics);
        Path folder = folder();
        List<LanguageStatistics> languages = StatisticsFile.readAll(folder);
        if (!units.isEmpty())
            languages = languages.stream().map(language -> language.restrictedTo(CollectOptions.sites(units))).toList();
        LanguageStatistics.requireComparable(languages);
        Map<String, Selection> selections = select(chosen, languages, folder);
        SortedMap<String, String> settings = new TreeMap<>(chosen.settings());
        if (matchBudget != null) {
            settings.put("match_budget", matchBudget.toString());
            selections.replaceAll((language, selection) -> selection.withCount(mask(matchBudget, language).count()));
        }
        Map<String, Integer> counts = new TreeMap<>();
        PrintWriter print = spec.commandLine().getOut();
        Table table = new Table().text("language").number("units").number("of").text("mask");
        try (OutputFolder written = OutputFolder.take(out)) {
            for (LanguageStatistics language : languages) {
                Selection selection = selections.get(language.language());
                Path file = written.path().resolve(language.language() + ".mask.json");
                selection.maskFile(language.model(), chosen.name(), settings, language,
                        intervention.of(language.language(), selection.mask(), means)).write(file);
                counts.put(language.language(), selection.mask().count());
                table.row(language.language(), Integer.toString(selection.mask().count()), Integer.toString(selection.layout().units()),
                        file.toString());
            }
        }
        if (json.asked())
            Json.print(print, counts);
        else
            table.print(print);
        return ExitStatus.OK;
    }

    /** Where the statistics that the method needs are: in the folder itself, or where 'crane activations' puts them below it. */
    private Path folder() {
        Quantity quantity = switch (method) {
            case "lape", "activation-frequency" -> new Quantity.Activation(Reduction.COUNT_POSITIVE);
            case "plnd" -> new Quantity.Contribution();
            case "average-precision" -> new Quantity.Activation(Reduction.MEAN);
            case "mean-activation" -> new Quantity.Activation(absolute ? Reduction.MEAN_ABS : Reduction.MEAN);
            default -> null;
        };
        if (quantity == null || !Files.isDirectory(statistics))
            return statistics;
        Path below = statistics.resolve(quantity.label());
        if (Files.isDirectory(below))
            return below;
        for (LanguageStatistics language : StatisticsFile.readAll(statistics))
            if (!quantity.label().equals(language.provenance().get(ProvenanceKey.SCORE)))
                throw new CraneException(statistics + ": " + method + " needs statistics of " + quantity.label() + ", these are of "
                        + language.provenance().get(ProvenanceKey.SCORE) + ": make them with crane activations");
        return statistics;
    }

    private static Map<String, Selection> select(Identification chosen, List<LanguageStatistics> languages, Path folder) {
        return switch (chosen) {
            case Method byStatistics -> byStatistics.select(languages);
            case SampleMethod bySamples -> {
                List<SampleScores> samples = new ArrayList<>();
                Set<Site> sites = EnumSet.noneOf(Site.class);
                languages.getFirst().moments().keySet().forEach(point -> sites.add(point.site()));
                try {
                    for (LanguageStatistics language : languages)
                        samples.add(SampleScores.open(SampleScores.in(folder, language.language())));
                    yield bySamples.select(samples, sites);
                } finally {
                    samples.forEach(SampleScores::close);
                }
            }
        };
    }

    private static UnitMask mask(Path folder, String language) {
        return MaskFile.read(folder.resolve(language + ".mask.json")).mask();
    }

    private Identification method() {
        List<String> allowed = switch (method) {
            case "crane" -> List.of("--budget", "--threshold", "--absolute", "--match-budget");
            case "crane-kurtosis" -> List.of("--budget", "--z", "--margin", "--preference", "--match-budget");
            case "lape" -> List.of("--lowest", "--bar", "--match-budget");
            case "plnd" -> List.of("--budget", "--exclusive", "--match-budget");
            case "average-precision" -> List.of("--budget", "--ends", "--match-budget");
            case "mean-activation" -> List.of("--budget", "--absolute", "--top", "--match-budget");
            case "activation-frequency" -> List.of("--budget", "--top", "--match-budget");
            case "random" -> List.of("--match", "--seed", "--uniform");
            default -> throw new CraneException("unknown method '" + method + "'; the methods are crane, crane-kurtosis, lape, plnd, "
                    + "average-precision, mean-activation, activation-frequency, random");
        };
        // An option that the method has no use for is a mistake, not to be passed over.
        for (OptionSpec option : spec.options())
            if (OF_METHODS.contains(option.longestName()) && !allowed.contains(option.longestName())
                    && spec.commandLine().getParseResult().hasMatchedOption(option))
                throw new ParameterException(spec.commandLine(), option.longestName() + " does not go with --method " + method);
        return switch (method) {
            case "crane" -> new ShareMargin(method, absolute, budget(threshold, "--threshold", ShareMargin.BUDGET));
            case "crane-kurtosis" -> new KurtosisZ(budget(z, "--z", KurtosisZ.DEFAULT.budget()), optional(margin), optional(preference));
            case "lape" -> new Lape(lowest == null ? Lape.DEFAULT.lowest() : lowest, bar == null ? Lape.DEFAULT.bar() : bar);
            case "plnd" -> new Plnd(exclusive, budget());
            case "average-precision" -> new AveragePrecision(ends == null ? AveragePrecision.DEFAULT.ends() : ends, budget());
            case "random" -> {
                if (match == null)
                    throw new ParameterException(spec.commandLine(), "--method random needs --match, a folder of masks to be like");
                SortedMap<String, UnitMask> like = new TreeMap<>();
                for (LanguageStatistics language : StatisticsFile.readAll(statistics))
                    like.put(language.language(), mask(match, language.language()));
                yield new RandomMatched(like, !uniform, seed);
            }
            default -> top ? new TopValues(method, false, budget()) : new ShareMargin(method, false, budget());
        };
    }

    private Budget budget() {
        return budget(null, "", ShareMargin.BUDGET);
    }

    private Budget budget(Double least, String option, Budget otherwise) {
        if (least != null && budget != null)
            throw new ParameterException(spec.commandLine(), "give --budget or " + option + ", not both");
        if (least != null)
            return new Budget.Above(least);
        if (budget == null)
            return otherwise;
        if (budget.matches("\\d{1,9}"))
            return new Budget.Count(Integer.parseInt(budget));
        try {
            return new Budget.Fraction(Double.parseDouble(budget));
        } catch (NumberFormatException e) {
            throw new ParameterException(spec.commandLine(), "--budget: expected a number, not '" + budget + "'", e);
        }
    }

    private static OptionalDouble optional(Double value) {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
}
