package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.experiment.Evaluated;
import dev.crane.analysis.experiment.EvaluationRun;
import dev.crane.analysis.experiment.Journal;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.experiment.ResultTables;
import dev.crane.analysis.experiment.RunOptions;
import dev.crane.analysis.harness.TaskFiles;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.models.CausalLanguageModel;

/** {@code crane eval}: perplexity and accuracy, unmasked and under masks. */
@Command(name = "eval", description = "Measure perplexity and tasks, unmasked and under every mask.", footer = {"",
        "Writes results.json, matrix.csv, summary.csv, intervals.csv and samples/ to --out. Interrupted, it goes on where it was.", "",
        "Example:",
        "  crane eval -m models/babel-base --mask masks/vi.mask.json --perplexity en=models/corpora/en.heldout.jsonl "
                + "--perplexity vi=models/corpora/vi.heldout.jsonl --out results"})
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Mixin
    private ModelOptions model;

    @Mixin
    private MasksOption masks;

    @Option(names = {"-p", "--perplexity"}, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "Texts whose perplexity is measured; may be given again.")
    private List<LanguageFile> texts = List.of();

    @Option(names = {"-t", "--task"}, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "A task file of lm-evaluation-harness (FILE.yaml, FILE.yaml#PART), or JSON lines {context, choices, answer}; may be "
                    + "given again. Shipped task files: docs/tasks.md.")
    private List<LanguageFile> tasks = List.of();

    @Option(names = "--data", paramLabel = "DIR", description = "Folder of the task files' data. Default: the task file's own.")
    private Path data;

    @Option(names = "--num-fewshot", paramLabel = "N", description = "Examples before each question, in place of what the task files say.")
    private Integer shots;

    @Option(names = "--fewshot-seed", paramLabel = "N", description = "Seed of the choice of examples. Default: ${DEFAULT-VALUE}.")
    private long fewShotSeed = TaskOptions.SEED;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the results; made if it is not there.")
    private Path out;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Longest window of a text. Default: what the model can read.")
    private int maxTokens = Integer.MAX_VALUE;

    @Option(names = "--documents", paramLabel = "N", description = "Measure the first N texts of a file only.")
    private int documents = Integer.MAX_VALUE;

    @Option(names = "--items", paramLabel = "N", description = "Measure the first N items of a task only.")
    private int items = Integer.MAX_VALUE;

    @Option(names = "--token-budget", paramLabel = "N", description = "Most tokens in a batch. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget = RunOptions.TOKEN_BUDGET;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        TextFile.checkMaxTokens(spec, maxTokens);
        if (texts.isEmpty() && tasks.isEmpty())
            throw new ParameterException(spec.commandLine(), "nothing to measure: give --perplexity LANG=FILE or --task LANG=FILE");
        if (documents < 1 || items < 1 || tokenBudget < 1 || (shots != null && shots < 0))
            throw new ParameterException(spec.commandLine(),
                    "--documents, --items and --token-budget must be at least 1, --num-fewshot at least 0");
        ResultTables tables;
        try (OutputFolder folder = OutputFolder.take(out);
                CausalLanguageModel loaded = model.load();
                ProgressDisplay progress = crane.progress()) {
            List<EvaluationRun.Masked> conditions = new ArrayList<>(List.of(EvaluationRun.Masked.NOTHING));
            conditions.addAll(masks.read(loaded));
            List<Measure> measures = measures(loaded);
            Journal journal = Journal.open(folder.path());
            Interruption.resumable();
            EvaluationRun run = new EvaluationRun(loaded, folder.path(), "", journal, tokenBudget);
            List<Evaluated> evaluated = run.run(conditions, measures, progress);
            tables = ResultTables.of(loaded.name(), evaluated);
            run.writeResults(evaluated);
            tables.write(folder.path());
            journal.keepOnly(new LinkedHashSet<>(run.artefacts(conditions, measures)));
        }
        PrintWriter print = spec.commandLine().getOut();
        if (json.asked())
            Json.print(print, tables);
        else
            ResultPrinter.print(tables, print);
        return ExitStatus.OK;
    }

    private List<Measure> measures(CausalLanguageModel loaded) {
        TaskOptions options = new TaskOptions(data, items, shots == null ? OptionalInt.empty() : OptionalInt.of(shots), fewShotSeed);
        int longest = loaded.spec().maxPositions();
        List<Measure> measures = new ArrayList<>();
        for (LanguageFile text : texts)
            measures.add(Measure.Texts.of(text.language(), Corpus.open(text.file()), documents,
                    loaded.hasTokenizer() ? loaded.tokenizer() : null,
                    loaded.spec().vocabulary(), Math.min(maxTokens, longest)));
        for (LanguageFile task : tasks)
            measures.addAll(TaskFiles.measures(task.language(), task.file(), options, loaded.tokenizer(), longest));
        Set<String> names = new HashSet<>();
        for (Measure measure : measures)
            if (!names.add(measure.language() + " " + measure.name()))
                throw new ParameterException(spec.commandLine(), measure.language() + " " + measure.name() + " is given twice");
        return measures;
    }
}
