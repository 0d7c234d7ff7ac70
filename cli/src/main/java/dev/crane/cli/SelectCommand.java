package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
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
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.identify.Budget;
import dev.crane.analysis.identify.KurtosisZ;
import dev.crane.analysis.identify.Method;
import dev.crane.analysis.identify.RandomMatched;
import dev.crane.analysis.identify.RelevanceShareMargin;
import dev.crane.analysis.identify.Selection;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.Site;

/** {@code crane select}: from statistics to a mask for each language. */
@Command(name = "select", description = "Select the units each language needs and write a mask for each.", footer = {"", "Methods:",
        "  crane           relevance share margin: --budget or --threshold, --absolute",
        "  crane-kurtosis  z of the scores' kurtosis over samples: --z or --budget, --margin, --preference",
        "  random          as many units at every hook point as the masks in --match, drawn by --seed", "", "Example:",
        "  crane select --stats stats --method crane --budget 0.05 --units mlp.neuron --out masks"})
final class SelectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--stats", required = true, paramLabel = "DIR", description = "Folder that 'crane relevance' or 'crane merge' wrote.")
    private Path statistics;

    @Option(names = "--method", required = true, paramLabel = "NAME", description = "crane, crane-kurtosis or random.")
    private String method;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the masks; made if it is not there.")
    private Path out;

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",", description = "Select among the units of these sites only.")
    private List<String> units = List.of();

    @Option(names = {"-b", "--budget"}, paramLabel = "N",
            description = "Units for each language: a whole number, or a share of all units such as 0.05. Default for crane: 0.05.")
    private String budget;

    @Option(names = "--threshold", paramLabel = "X", description = "crane: all units with a larger margin, instead of a budget.")
    private Double threshold;

    @Option(names = "--absolute", description = "crane: the mean of absolute scores instead of the mean score.")
    private boolean absolute;

    @Option(names = "--z", paramLabel = "X", description = "crane-kurtosis: all units with a larger z. Default: 1.")
    private Double z;

    @Option(names = "--margin", paramLabel = "X",
            description = "crane-kurtosis: z must exceed that of every other language by more than this.")
    private Double margin;

    @Option(names = "--preference", paramLabel = "X",
            description = "crane-kurtosis: |z| must be at least this share of the sum over languages.")
    private Double preference;

    @Option(names = "--match", paramLabel = "DIR", description = "random: folder of masks to be like.")
    private Path match;

    @Option(names = "--seed", paramLabel = "N", description = "random: seed of the draw. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        List<LanguageStatistics> languages = StatisticsFile.readAll(statistics);
        if (!units.isEmpty())
            languages = languages.stream().map(language -> language.restrictedTo(sites())).toList();
        LanguageStatistics.requireComparable(languages);
        Method chosen = method(languages);
        Map<String, Selection> selections = chosen.select(languages);
        Map<String, Integer> counts = new TreeMap<>();
        PrintWriter print = spec.commandLine().getOut();
        Table table = new Table().text("language").number("units").number("of").text("mask");
        try (OutputFolder folder = OutputFolder.take(out)) {
            for (LanguageStatistics language : languages) {
                Selection selection = selections.get(language.language());
                Path file = folder.path().resolve(language.language() + ".mask.json");
                selection.maskFile(language.model(), chosen.name(), chosen.settings(), language).write(file);
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

    private Set<Site> sites() {
        Set<Site> sites = EnumSet.noneOf(Site.class);
        for (String unit : units)
            sites.add(Site.of(unit)
                    .orElseThrow(() -> new CraneException(
                            "--units " + unit + ": no such site; 'crane inspect --model DIR --hooks' lists them")));
        return sites;
    }

    private Method method(List<LanguageStatistics> languages) {
        return switch (method) {
            case "crane" -> {
                refuse("crane", z, "--z", margin, "--margin", preference, "--preference", match, "--match");
                yield new RelevanceShareMargin(absolute, budget(threshold, "--threshold", RelevanceShareMargin.DEFAULT.budget()));
            }
            case "crane-kurtosis" -> {
                refuse("crane-kurtosis", threshold, "--threshold", absolute ? true : null, "--absolute", match, "--match");
                yield new KurtosisZ(budget(z, "--z", KurtosisZ.DEFAULT.budget()), optional(margin), optional(preference));
            }
            case "random" -> {
                refuse("random", budget, "--budget", threshold, "--threshold", z, "--z", margin, "--margin", preference, "--preference");
                if (match == null)
                    throw new ParameterException(spec.commandLine(), "--method random needs --match, a folder of masks to be like");
                SortedMap<String, UnitMask> like = new TreeMap<>();
                for (LanguageStatistics language : languages)
                    like.put(language.language(), MaskFile.read(match.resolve(language.language() + ".mask.json")).mask());
                yield new RandomMatched(like, true, seed);
            }
            default -> throw new CraneException("unknown method '" + method + "'; the methods are crane, crane-kurtosis, random");
        };
    }

    /** Pairs of a value and its option: an option that the method has no use for is a mistake, not to be passed over. */
    private void refuse(String name, Object... options) {
        for (int i = 0; i < options.length; i += 2)
            if (options[i] != null)
                throw new ParameterException(spec.commandLine(), options[i + 1] + " does not go with --method " + name);
    }

    private Budget budget(Double bar, String option, Budget otherwise) {
        if (bar != null && budget != null)
            throw new ParameterException(spec.commandLine(), "give --budget or " + option + ", not both");
        if (bar != null)
            return new Budget.Above(bar);
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
