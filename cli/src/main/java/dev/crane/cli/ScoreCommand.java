package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.evaluate.TokenLogprobs;
import dev.crane.analysis.evaluate.TokenLogprobs.Scored;
import dev.crane.models.CausalLanguageModel;

/** {@code crane score}: texts to log-probabilities of their tokens, a line for each. */
@Command(name = "score", customSynopsis = "crane score -m DIR [OPTIONS] FILE",
        description = "Print the log-probability of each token of each text of a file, as JSON lines.", footer = {"",
                "A line is {\"ids\": [...], \"logprobs\": [null, -3.2, ...]}: natural logarithms, each token given all before it. A text begins with the "
                        + "token that begins texts (BOS), where the model has one; ids are used as they are.",
                "",
                "Examples:",
                "  crane score --model models/babel-base models/corpora/vi.heldout.jsonl",
                "  crane score -m models/babel-base --mask vi.mask.json texts.txt > masked.jsonl"})
final class ScoreCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Mixin
    private ModelOptions model;

    @Mixin
    private MaskOption mask;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Score the first N tokens of longer texts. Default: a text that the "
            + "model cannot read as a whole is an error.")
    private int maxTokens = Integer.MAX_VALUE;

    @Parameters(paramLabel = "FILE", description = TextFile.DESCRIPTION)
    private Path file;

    @Override
    public Integer call() {
        TextFile.checkMaxTokens(spec, maxTokens);
        Corpus corpus = Corpus.open(file);
        PrintWriter out = spec.commandLine().getOut();
        try (CausalLanguageModel loaded = model.load(); ProgressDisplay progress = crane.progress()) {
            Tokenization tokenization = new Tokenization(loaded.hasTokenizer() ? loaded.tokenizer() : null, loaded.spec().vocabulary(),
                    maxTokens);
            new TokenLogprobs(loaded.engine(), mask.interventions(loaded)).score(corpus, tokenization,
                    scored -> out.println(line(scored)), progress);
        }
        return ExitStatus.OK;
    }

    private static String line(Scored scored) {
        StringBuilder line = new StringBuilder("{\"ids\": ").append(Arrays.toString(scored.ids())).append(", \"logprobs\": [null");
        for (float logprob : scored.logprobs())
            line.append(", ").append(logprob); // the shortest digits that give the same f32 again; always valid JSON
        return line.append("]}").toString();
    }
}
