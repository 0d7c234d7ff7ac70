package dev.crane.engine.decoder;

import java.util.Arrays;
import java.util.stream.IntStream;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;

/**
 * Sequences that begin alike, such as the choices of a question behind its context, run once as far as they do. What a token gives depends on the tokens
 * before it alone, so all of them read the keys and values of the one that was run, and every sequence has the bits that it has without sharing. The last
 * token of a sequence, which is only predicted, is not run, so choices of a single token are read from one row.
 *
 * @param fresh the tokens that are run: of each sequence those that it does not share with an earlier one; sequences without any are left out
 * @param sequences for each sequence of {@code fresh} its index in the whole batch
 * @param rows for each sequence of the whole batch the row in {@code fresh} of each of its tokens but the last
 */
record SharedPrefixes(PackedBatch fresh, int[] sequences, int[][] rows) implements EarlierTokens {
    /** How many sequences back a common beginning is looked for: enough for the choices of a question, and little work. */
    private static final int WINDOW = 64;
    /** A shorter beginning, such as the token that begins every text, is run again: that costs less than copying whole sequences' keys. */
    private static final int SHORTEST = 8;

    /**
     * Finds what sequences of a batch have in common.
     *
     * @param setOf for each sequence the index of its interventions, or null; sequences share only under the same ones
     */
    static SharedPrefixes of(PackedBatch batch, int[] setOf) {
        Segments segments = batch.segments();
        int[][] rows = new int[segments.count()][];
        int[] sequences = new int[rows.length];
        int[] offsets = new int[rows.length + 1];
        int[] ids = new int[batch.tokens()];
        int run = 0;
        for (int b = 0; b < rows.length; b++) {
            int inputs = Math.max(1, segments.length(b) - 1);
            int past = 0;
            int like = -1;
            for (int a = b - 1; a >= Math.max(0, b - WINDOW); a--) {
                int common = setOf == null || setOf[a] == setOf[b] ? common(batch, a, b, Math.min(rows[a].length, inputs)) : 0;
                if (common > past && common >= SHORTEST) {
                    past = common;
                    like = a;
                }
            }
            int begin = offsets[run] - past;
            rows[b] = IntStream.range(0, inputs).map(t -> begin + t).toArray();
            if (like >= 0)
                System.arraycopy(rows[like], 0, rows[b], 0, past);
            if (past == inputs)
                continue;
            System.arraycopy(batch.ids(), segments.start(b) + past, ids, offsets[run], inputs - past);
            sequences[run] = b;
            offsets[run + 1] = offsets[run] + inputs - past;
            run++;
        }
        return new SharedPrefixes(new PackedBatch(Arrays.copyOf(ids, offsets[run]), new Segments(Arrays.copyOf(offsets, run + 1))),
                Arrays.copyOf(sequences, run), rows);
    }

    private static int common(PackedBatch batch, int a, int b, int most) {
        int startA = batch.segments().start(a);
        int startB = batch.segments().start(b);
        int mismatch = Arrays.mismatch(batch.ids(), startA, startA + most, batch.ids(), startB, startB + most);
        return mismatch < 0 ? most : mismatch;
    }

    /** Whether a sequence that is run reads keys of another one. */
    boolean isSharing() {
        return Arrays.stream(past()).anyMatch(past -> past > 0);
    }

    @Override
    public int[] past() {
        return IntStream.range(0, sequences.length).map(i -> rows[sequences[i]].length - fresh.segments().length(i)).toArray();
    }

    @Override
    public void attend(int layer, Tensor k, Tensor v, Workspace tensors, Backend backend, Attention attention) {
        int[] starts = new int[sequences.length];
        int[] lengths = new int[sequences.length];
        int total = 0;
        for (int i = 0; i < sequences.length; i++) {
            starts[i] = total;
            lengths[i] = rows[sequences[i]].length;
            total += lengths[i];
        }
        int[] all = Arrays.stream(sequences).mapToObj(b -> rows[b]).flatMapToInt(Arrays::stream).toArray();
        Tensor keys = tensors.allocate(total, k.columns());
        Tensor values = tensors.allocate(total, v.columns());
        backend.gatherRows(k, all, keys);
        backend.gatherRows(v, all, values);
        attention.over(keys, values, new KeyRanges(starts, lengths));
        tensors.release(keys, values);
    }
}
