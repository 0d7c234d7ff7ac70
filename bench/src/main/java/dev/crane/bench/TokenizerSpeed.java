package dev.crane.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * Megabytes of text that tokenizers encode in a second of one core's time. Each round begins with a tokenizer that has seen nothing, so that what is
 * remembered of earlier rounds does not count; the first round, with code that is not compiled yet, is printed by itself.
 *
 * <p>Arguments: tokenizers (folders or files), {@code --}, texts (.jsonl, .txt).
 */
public final class TokenizerSpeed {
    private static final int ROUNDS = 9;
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private TokenizerSpeed() {
    }

    /** Prints a line for each tokenizer. */
    public static void main(String[] arguments) throws IOException {
        List<String> all = Arrays.asList(arguments);
        int split = all.indexOf("--");
        if (split < 1 || split + 1 == all.size()) {
            System.err.println("usage: run-tokenizers TOKENIZER... -- TEXTS...");
            System.exit(2);
        }
        List<String> texts = new ArrayList<>();
        for (String file : all.subList(split + 1, all.size())) {
            Corpus.open(Path.of(file)).read(Choice.all(), document -> texts.add(document.text()));
        }
        long bytes = texts.stream().mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length).sum();
        System.out.printf(Locale.ROOT, "%,d bytes in %d texts%n%-70s %10s %10s %10s%n", bytes, texts.size(), "tokenizer", "first MB/s",
                "median", "tokens");
        for (String path : all.subList(0, split)) {
            double[] rates = new double[ROUNDS];
            long tokens = 0;
            for (int round = 0; round < ROUNDS; round++) {
                Tokenizer tokenizer = Tokenizer.load(Path.of(path));
                tokens = 0;
                long begin = CLOCK.getCurrentThreadCpuTime();
                for (String text : texts) {
                    tokens += tokenizer.encode(text, true).length;
                }
                rates[round] = bytes * 1e3 / (CLOCK.getCurrentThreadCpuTime() - begin);
            }
            double first = rates[0];
            Arrays.sort(rates);
            System.out.printf(Locale.ROOT, "%-70s %10.2f %10.2f %10d%n", path, first, rates[ROUNDS / 2], tokens);
        }
    }
}
