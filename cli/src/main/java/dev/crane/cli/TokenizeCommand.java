package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.function.Function;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.models.tokenizer.Tokenizer;

/** {@code crane tokenize}: texts to token ids, a line for each. */
@Command(name = "tokenize", description = "Print the token ids of each line of a file, as JSON lines.")
final class TokenizeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = {"-m", "--model"}, required = true, paramLabel = "DIR",
            description = "Model folder; of its files only tokenizer.json or tokenizer.model is needed, which may also be named itself.")
    private Path model;

    @Option(names = "--no-special", description = "Leave out the special tokens that the tokenizer puts around a text.")
    private boolean noSpecial;

    @Mixin
    private ChatOptions chat;

    @Parameters(paramLabel = "FILE",
            description = "Texts: .txt (one a line), .jsonl ({\"text\": ...}) or .parquet (column text), each also .gz.")
    private Path file;

    @Override
    public Integer call() {
        if (chat.asked() && noSpecial)
            throw new ParameterException(spec.commandLine(), "--no-special: in a chat the template writes the special tokens");
        Tokenizer tokenizer = Tokenizer.load(model);
        Function<String, int[]> encoder = chat.asked() ? chat.encoder(model, tokenizer) : text -> tokenizer.encode(text, !noSpecial);
        PrintWriter out = spec.commandLine().getOut();
        // An empty line is a text as good as any other here: line n of the output is for line n of the input.
        Corpus.open(file, true).read(Choice.all(), document -> {
            int[] ids = document.text() == null ? document.ids() : encoder.apply(document.text());
            out.println("{\"ids\": " + Arrays.toString(ids) + "}");
        });
        return ExitStatus.OK;
    }
}
