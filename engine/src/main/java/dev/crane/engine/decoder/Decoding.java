package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.hook.InterventionSet;

/**
 * Sequences that grow token by token, with a key/value cache: only new tokens go through the model. The logits have the bits that a full pass over
 * the whole sequence gives. Sequences may have different lengths and different interventions. Where LongRoPE changes its frequencies, a sequence is
 * run again from its start, as transformers does.
 */
public final class Decoding implements AutoCloseable {
    private final Decoder decoder;
    private final Backend backend;
    private final KeyValueCache cache;
    private final Edits edits;
    private final int[] interventionOf;
    private final int[][] ids;
    private final float[][] nextLogits;

    /**
     * Runs the prompts.
     *
     * @param prompts token ids of each sequence, at least one token each
     * @param interventions the distinct sets of interventions in use
     * @param interventionOf for each sequence the index of its set, −1 for none; null: none for all
     * @param plan how many tokens are run at once
     */
    public Decoding(Decoder decoder, List<int[]> prompts, List<InterventionSet> interventions, int[] interventionOf, MemoryPlan plan) {
        PackedBatch batch = PackedBatch.of(prompts);
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.edits = decoder.compile(interventions, interventionOf, prompts.size());
        edits.checkPositions(interventionOf, decoder.spec().maxPositions());
        this.interventionOf = interventionOf;
        this.ids = prompts.stream().map(int[]::clone).toArray(int[][]::new);
        this.nextLogits = new float[ids.length][];
        decoder.check(batch, new int[prompts.size()], decoder.spec().maxPositions());
        this.cache = new KeyValueCache(decoder.spec(), backend, prompts.size());
        boolean done = false;
        try {
            for (MemoryPlan.Part part : plan.parts(batch.segments(), ForwardRequest.of(Output.LAST_LOGITS)))
                run(IntStream.range(part.from(), part.to()).toArray(), prompts.subList(part.from(), part.to()));
            done = true;
        } finally {
            if (!done)
                cache.close();
        }
    }

    /** Number of sequences. */
    public int sequences() {
        return nextLogits.length;
    }

    /** Tokens of sequence b so far. */
    public int length(int b) {
        return cache.length(b);
    }

    /** Logits [vocabulary] of the token that follows sequence b; the array is the caller's own until the sequence is appended to. */
    public float[] nextLogits(int b) {
        return nextLogits[b];
    }

    /**
     * Appends one token to each sequence and computes what follows.
     *
     * @param nextIds a token id for each sequence, or −1 for one that is left as it is
     */
    public void append(int[] nextIds) {
        if (nextIds.length != sequences())
            throw new IllegalArgumentException(nextIds.length + " tokens for " + sequences() + " sequences");
        int[] growing = IntStream.range(0, nextIds.length).filter(b -> nextIds[b] != -1).toArray();
        if (growing.length == 0)
            return;
        List<int[]> tokens = new ArrayList<>();
        for (int b : growing)
            tokens.add(new int[]{nextIds[b]});
        decoder.check(PackedBatch.of(tokens), IntStream.of(growing).map(cache::length).toArray(), decoder.spec().maxPositions());
        for (int i = 0; i < growing.length; i++) {
            int b = growing[i];
            ids[b] = Arrays.copyOf(ids[b], ids[b].length + 1);
            ids[b][ids[b].length - 1] = nextIds[b];
            if (decoder.positionsChangeAt(ids[b].length)) {
                cache.forget(b);
                tokens.set(i, ids[b]);
            }
        }
        run(growing, tokens);
    }

    private void run(int[] sequences, List<int[]> tokens) {
        PackedBatch batch = PackedBatch.of(tokens);
        Segments segments = batch.segments();
        int[] sets = interventionOf == null ? null : IntStream.of(sequences).map(b -> interventionOf[b]).toArray();
        CacheView view = cache.extend(sequences, segments);
        try (Pass pass = new Pass(decoder.spec(), backend, batch, edits.on(sets, segments, view.past()),
                new CaptureSheet(backend, List.of()), Keep.NOTHING,
                view)) {
            Tensor hidden = decoder.hidden(pass);
            int[] last = IntStream.range(0, segments.count()).map(i -> segments.start(i) + segments.length(i) - 1).toArray();
            List<float[]> rows = new ArrayList<>();
            new VocabularyHead(decoder, pass, hidden).logits(last,
                    (from, logits) -> rows.addAll(CaptureSheet.rows(backend.download(logits), logits.columns())));
            for (int i = 0; i < sequences.length; i++)
                nextLogits[sequences[i]] = rows.get(i);
        } catch (RuntimeException e) {
            throw backend.explained(e);
        }
        view.advance();
    }

    @Override
    public void close() {
        cache.close();
    }
}
