package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;

/** {@code crane merge}: statistics of shards computed elsewhere, added up. */
@Command(name = "merge", description = "Add up statistics of parts of a corpus that were computed apart.", footer = {"",
        "The parts must come from the same model, rule, score and target, and from different lines of the same corpus.", "", "Example:",
        "  crane merge part1 part2 --out stats"})
final class MergeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "Folders with LANG.stats.safetensors files.")
    private List<Path> folders;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the sums; made if it is not there.")
    private Path out;

    @Override
    public Integer call() {
        Map<String, List<LanguageStatistics>> shards = new TreeMap<>();
        for (Path folder : folders)
            for (LanguageStatistics statistics : StatisticsFile.readAll(folder))
                shards.computeIfAbsent(statistics.language(), language -> new ArrayList<>()).add(statistics);
        Map<String, LanguageStatistics> merged = new TreeMap<>();
        shards.forEach((language, parts) -> merged.put(language, LanguageStatistics.merge(parts)));
        try (OutputFolder folder = OutputFolder.take(out)) {
            merged.forEach((language, statistics) -> {
                Path file = StatisticsFile.in(folder.path(), language);
                StatisticsFile.write(statistics, file);
                spec.commandLine().getOut().println(file + ": " + statistics.samples() + " samples");
            });
        }
        return ExitStatus.OK;
    }
}
