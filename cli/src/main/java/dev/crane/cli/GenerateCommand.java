package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.evaluate.Continuations;
import dev.crane.analysis.evaluate.Continuations.Continued;
import dev.crane.analysis.experiment.EvaluationRun;
import dev.crane.analysis.experiment.MaskKey;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Generated;
import dev.crane.models.generate.Sampling;
import dev.crane.models.generate.TextGenerator;

/** {@code crane generate}: what a model writes after a prompt. */
@Command(name = "generate", customSynopsis = "crane generate -m DIR [OPTIONS] PROMPT",
        description = "Continue a prompt, masked or not; the text comes as it is written.", footer = {"",
                "Without --temperature the most likely token is taken every time, and the same prompt gives the same text.",
                "",
                "Examples:",
                "  crane generate --model models/babel-base \"The river\"",
                "  crane generate -m models/babel-base --mask en.mask.json \"The river\"",
                "  crane generate -m models/babel-base -t 0.8 --top-p 0.95 --seed 7 \"Dòng sông\"",
                "  crane generate -m MODEL --chat --system \"Answer in one word.\" \"What is water?\"",
                "  echo 河水 | crane generate -m models/babel-base -",
                "  crane generate -m models/babel-base --prompts prompts.jsonl > continued.jsonl",
                "  crane generate -m MODEL --chat --unmasked --mask en.mask.json --mask vi.mask.json --prompts en=en.jsonl --prompts vi=vi.jsonl "
                        + "> generations.jsonl"})
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Parameters(paramLabel = "PROMPT", arity = "0..1", description = "What the text begins with; - reads it from standard input.")
    private String prompt;

    @Mixin
    private ModelOptions model;

    @Mixin
    private MasksOption masks;

    @Option(names = "--unmasked", description = "With --prompts and --mask: continue every prompt without a mask too, first.")
    private boolean unmasked;

    @Mixin
    private ChatOptions chat;

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "Take all of a file as the prompt.")
    private Path promptFile;

    @Option(names = "--prompts", paramLabel = "[LANG=]FILE", converter = PromptsFile.Converter.class,
            description = "Continue every text of a file (.txt, .jsonl or .parquet, each also .gz) under every mask, "
                    + "and print JSON lines; may be given again.")
    private List<PromptsFile> prompts = List.of();

    @Option(names = {"-n", "--max-tokens"}, paramLabel = "N", defaultValue = "128",
            description = "Write N tokens at most. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Option(names = {"-t", "--temperature"}, paramLabel = "T", defaultValue = "0",
            description = "Draw tokens, from probabilities sharpened (below 1) or flattened (above 1). Default: 0, which draws none.")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Draw among the K most likely tokens only.")
    private int topK;

    @Option(names = "--top-p", paramLabel = "P", defaultValue = "1",
            description = "Draw among the most likely tokens that together have the probability P.")
    private double topP;

    @Option(names = "--repetition-penalty", paramLabel = "R", defaultValue = "1",
            description = "Make tokens that have occurred less likely, 1.1 a little. Default: 1, not at all.")
    private double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "42", description = "What the draws start from. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private JsonOption json;

    /** What {@code --json} prints. */
    record Generation(String format, String model, String mask, Sampling sampling, String prompt, int[] promptIds, String text, int[] ids,
            Generated.End end) {}

    /** A line that {@code --prompts} prints; the prompt's language, line, and the mask make its id. */
    record Line(String id, String model, String method, String mask, String seed, int units, String language, int line, String prompt,
            String text, int[] ids, Generated.End end) {}

    @Override
    public Integer call() {
        if (Stream.of(prompt, promptFile, prompts.isEmpty() ? null : prompts).filter(given -> given != null).count() != 1)
            throw new ParameterException(spec.commandLine(), "one prompt is needed: PROMPT, --prompt-file or --prompts");
        TextFile.checkMaxTokens(spec, maxTokens);
        if (temperature == 0 && (topK != 0 || topP != 1))
            throw new ParameterException(spec.commandLine(),
                    "--top-k and --top-p limit what is drawn: give --temperature too, 1 for the model's own probabilities");
        boolean chats = chat.asked();
        Sampling sampling = new Sampling(temperature, topK, topP, repetitionPenalty, seed);
        if (prompts.isEmpty() && (unmasked || masks.files().size() > 1))
            throw new ParameterException(spec.commandLine(), "--unmasked and several masks go with --prompts");
        List<Corpus> corpora = prompts.stream().map(given -> Corpus.open(given.file())).toList();
        if (prompts.stream().map(PromptsFile::language).distinct().count() < prompts.size())
            throw new ParameterException(spec.commandLine(), "several files of prompts need languages of their own: --prompts LANG=FILE");
        String text = !prompts.isEmpty() ? null : promptFile == null ? TextArgument.read(prompt) : TextArgument.read(promptFile);
        try (CausalLanguageModel loaded = model.load(); ProgressDisplay progress = crane.progress()) {
            List<EvaluationRun.Masked> conditions = new ArrayList<>(masks.read(loaded));
            if (conditions.isEmpty() || unmasked)
                conditions.addFirst(EvaluationRun.Masked.NOTHING);
            Function<String, int[]> encoder = chats
                    ? chat.encoder(model.path(), loaded.tokenizer())
                    : loaded.hasTokenizer() ? loaded.tokenizer()::encodeWithBos : null;
            if (prompts.isEmpty()) {
                loaded.tokenizer(); // a single prompt is a text
                continueOne(loaded, text, encoder.apply(text), sampling, interventions(conditions.getFirst()), progress);
            }
            for (int file = 0; file < corpora.size(); file++)
                for (EvaluationRun.Masked condition : conditions) {
                    String language = prompts.get(file).language();
                    new Continuations(loaded, interventions(condition), sampling, maxTokens).generate(corpora.get(file), encoder,
                            continued -> printLine(loaded, language, condition, continued), progress);
                }
        }
        return ExitStatus.OK;
    }

    private static List<InterventionSet> interventions(EvaluationRun.Masked condition) {
        return condition.units().count() == 0 ? List.of() : List.of(condition.intervention().on(condition.units(), condition.key().path()));
    }

    private void continueOne(CausalLanguageModel loaded, String text, int[] ids, Sampling sampling, List<InterventionSet> mask,
            ProgressDisplay progress) {
        if (ids.length == 0)
            throw new CraneException("the prompt is empty, and this model has no token that begins a text; give it something to continue");
        Continuations.checkLength(ids, loaded, "the prompt");
        PrintWriter out = spec.commandLine().getOut();
        long begin = System.nanoTime();
        Generated generated = new TextGenerator(loaded).generate(List.of(ids), sampling, maxTokens, mask,
                MaskOption.forAll(mask, 1), (sequence, id, piece) -> {
                    if (!json.asked()) {
                        out.print(piece);
                        out.flush();
                    }
                }).getFirst();
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (json.asked()) {
            Json.print(out,
                    new Generation("crane/generation@1", loaded.name(),
                            masks.files().isEmpty() ? null : masks.files().getFirst().toString(),
                            sampling, text, ids, generated.text(), generated.ids(), generated.end()));
        } else {
            out.println();
            out.flush();
        }
        progress.note("%d tokens in %s (%.1f tokens/s), ended by %s".formatted(generated.ids().length, ProgressDisplay.duration(seconds),
                generated.ids().length / seconds, ending(generated.end())));
    }

    private String ending(Generated.End end) {
        return switch (end) {
            case STOP -> "the model";
            case LENGTH -> String.format(Locale.ROOT, "--max-tokens %d", maxTokens);
            case CONTEXT -> "the model's context";
        };
    }

    private void printLine(CausalLanguageModel loaded, String language, EvaluationRun.Masked condition, Continued continued) {
        Generated generated = continued.generated();
        PrintWriter out = spec.commandLine().getOut();
        MaskKey key = condition.key();
        String id = (language.isEmpty() ? "" : language + "/") + continued.line() + "/" + key.path();
        Json.printLine(out, new Line(id, loaded.name(), key.method(), key.mask(), key.seed(), condition.units().count(), language,
                continued.line(), loaded.hasTokenizer() ? loaded.tokenizer().decode(continued.prompt(), true) : "", generated.text(),
                generated.ids(), generated.end()));
        out.flush();
    }
}
