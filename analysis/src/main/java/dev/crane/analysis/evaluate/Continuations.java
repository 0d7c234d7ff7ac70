package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Generated;
import dev.crane.models.generate.Sampling;
import dev.crane.models.generate.TextGenerator;

/** Generates a continuation for every prompt of a file, several at once; what a prompt gives does not depend on the others. */
public final class Continuations {
    /** A step reads all weights whatever the number of prompts; with more than this many, arithmetic takes longer than reading. */
    private static final int MOST_PROMPTS = 64;
    /** Keys and values of one batch; beyond this a batch takes fewer prompts. */
    private static final long MOST_CACHE_BYTES = 1L << 30;

    private final CausalLanguageModel model;
    private final List<InterventionSet> interventions;
    private final Sampling sampling;
    private final int maxTokens;

    /**
     * @param interventions one set, which all prompts are run with, or none
     * @param maxTokens how many tokens a prompt gets at most
     */
    public Continuations(CausalLanguageModel model, List<InterventionSet> interventions, Sampling sampling, int maxTokens) {
        if (interventions.size() > 1)
            throw new IllegalArgumentException(interventions.size() + " sets of interventions");
        this.model = model;
        this.interventions = List.copyOf(interventions);
        this.sampling = sampling;
        this.maxTokens = maxTokens;
    }

    /**
     * One prompt and what follows it.
     *
     * @param line the prompt's line in the file, from 0
     * @param prompt its token ids
     * @param generated what follows
     */
    public record Continued(int line, int[] prompt, Generated generated) {}

    /**
     * Generates for every line, in the file's order.
     *
     * @throws CraneException the file or a prompt cannot be used; the message names the line
     */
    public void generate(Corpus prompts, Consumer<Continued> continued, Progress progress) {
        generate(prompts, model.hasTokenizer() ? model.tokenizer()::encodeWithBos : null, continued, progress);
    }

    /**
     * Generates for every line, in the file's order.
     *
     * @param encoder what makes a line's text into token ids; null where lines hold ids
     * @throws CraneException the file or a prompt cannot be used; the message names the line
     */
    public void generate(Corpus prompts, Function<String, int[]> encoder, Consumer<Continued> continued, Progress progress) {
        Run run = new Run(prompts, continued, progress);
        prompts.readSamples(Choice.all(), new Tokenization(model.hasTokenizer() ? model.tokenizer() : null, encoder,
                model.spec().vocabulary(), Integer.MAX_VALUE), run::add);
        run.flush();
    }

    /**
     * Refuses a prompt that leaves the model no room for a token.
     *
     * @param where what the prompt is, for the message: {@code prompts.txt: line 3}
     */
    public static void checkLength(int[] prompt, CausalLanguageModel model, String where) {
        int context = model.spec().maxPositions();
        if (prompt.length >= context)
            throw new CraneException(where + " has " + prompt.length + " tokens, and the model's context is " + context
                    + ", the continuation included; shorten the prompt");
    }

    /** The batch that is being filled, and how far the file is done. */
    private final class Run {
        private final Corpus prompts;
        private final Consumer<Continued> continued;
        private final Progress progress;
        private final int total;
        private final long begin = System.nanoTime();
        private final List<Sample> batch = new ArrayList<>();
        private long batchTokens;
        private int done;
        private long tokens;

        Run(Corpus prompts, Consumer<Continued> continued, Progress progress) {
            this.prompts = prompts;
            this.continued = continued;
            this.progress = progress;
            this.total = prompts.count();
        }

        void add(Sample sample) {
            checkLength(sample.ids(), model, prompts.error(sample.line(), "").getMessage().strip());
            long room = Math.min(sample.ids().length + (long) maxTokens, model.spec().maxPositions());
            long bytes = (batchTokens + room) * model.engine().plan().cacheBytesPerToken();
            if (batch.size() == MOST_PROMPTS || (!batch.isEmpty() && bytes > MOST_CACHE_BYTES))
                flush();
            batch.add(sample);
            batchTokens += room;
        }

        void flush() {
            List<Generated> texts = new TextGenerator(model).generate(batch.stream().map(Sample::ids).toList(), done, sampling, maxTokens,
                    interventions, interventions.isEmpty() ? null : new int[batch.size()], (prompt, id, text) -> tokens++);
            for (int i = 0; i < texts.size(); i++)
                continued.accept(new Continued(batch.get(i).line(), batch.get(i).ids(), texts.get(i)));
            done += batch.size();
            batch.clear();
            batchTokens = 0;
            progress.report(new Progress.Step("generate", done, total, "prompts", tokens, (System.nanoTime() - begin) / 1e9));
        }
    }
}
