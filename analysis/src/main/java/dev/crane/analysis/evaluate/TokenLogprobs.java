package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.InterventionSet;

/** The log-probability of every token of a corpus. Documents stream through in packed batches; the corpus need not fit in memory. */
public final class TokenLogprobs {
    /** Fills the matrix products; more gains nothing. */
    private static final int TOKENS_PER_BATCH = 4096;

    private final Engine engine;
    private final List<InterventionSet> interventions;

    /** @param interventions one set, which all documents are run with, or none */
    public TokenLogprobs(Engine engine, List<InterventionSet> interventions) {
        if (interventions.size() > 1)
            throw new IllegalArgumentException(interventions.size() + " sets of interventions");
        this.engine = engine;
        this.interventions = List.copyOf(interventions);
    }

    /**
     * One document.
     *
     * @param line its line in the file, from 0
     * @param ids its token ids [T]
     * @param logprobs [T − 1], natural log: entry t is that of token t + 1 given tokens 0…t
     */
    public record Scored(int line, int[] ids, float[] logprobs) {}

    /**
     * Scores every document, in the file's order.
     *
     * @param tokenization cuts documents; one that is still longer than the model can read is an error
     * @param scored takes each document soon after it is scored
     * @throws CraneException the corpus or a document of it cannot be used; the message names the line
     */
    public void score(Corpus corpus, Tokenization tokenization, Consumer<Scored> scored, Progress progress) {
        Run run = new Run(corpus, scored, progress);
        corpus.readSamples(Choice.all(), tokenization, run::add);
        run.flush();
    }

    /** The batch that is being filled, and how far the corpus is scored. */
    private final class Run {
        private final Corpus corpus;
        private final Consumer<Scored> scored;
        private final Progress progress;
        private final int total;
        private final long begin = System.nanoTime();
        private final List<Sample> batch = new ArrayList<>();
        private int batchTokens;
        private int done;
        private long tokens;

        Run(Corpus corpus, Consumer<Scored> scored, Progress progress) {
            this.corpus = corpus;
            this.scored = scored;
            this.progress = progress;
            this.total = corpus.count(); // reads the file once: what is wrong with a line is told before the model has run for an hour
        }

        void add(Sample sample) {
            int longest = engine.spec().maxPositions();
            int length = sample.ids().length;
            if (length > longest)
                throw corpus.error(sample.line(), "has " + length + " tokens, and the model reads at most " + longest
                        + "; split it, or score its beginning only (--max-tokens " + longest + ")");
            if (batchTokens > 0 && batchTokens + length > TOKENS_PER_BATCH)
                flush();
            batch.add(sample);
            batchTokens += length;
        }

        void flush() {
            List<float[]> logprobs;
            try {
                logprobs = engine.forward(PackedBatch.of(batch.stream().map(Sample::ids).toList()),
                        ForwardRequest.of(Output.NEXT_LOGPROBS, interventions, interventions.isEmpty() ? null : new int[batch.size()]))
                        .logprobs();
            } catch (NonFiniteException e) {
                throw corpus.error(batch.get(e.sequence()).line(), "cannot be scored: " + e.getMessage());
            }
            for (int i = 0; i < batch.size(); i++)
                scored.accept(new Scored(batch.get(i).line(), batch.get(i).ids(), logprobs.get(i)));
            done += batch.size();
            tokens += batchTokens;
            batch.clear();
            batchTokens = 0;
            progress.report(new Progress.Step("score", done, total, "documents", tokens, (System.nanoTime() - begin) / 1e9));
        }
    }
}
