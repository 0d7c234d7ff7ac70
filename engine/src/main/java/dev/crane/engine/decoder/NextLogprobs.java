package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;

/**
 * Log-probabilities of the tokens of some sequences, each given those before it. Only the rows that predict a token go through the vocabulary, and one
 * that predicts the tokens of several sequences does so once.
 */
final class NextLogprobs {
    private final PackedBatch batch;
    private final int[] firstScored;
    private final int[][] rows;
    private final List<float[]> logprobs = new ArrayList<>();
    private final List<boolean[]> greedy = new ArrayList<>();

    /** A token, {@code token}th of sequence {@code sequence}, that a row predicts. */
    private record Place(int sequence, int token) {}

    /**
     * @param firstScored for each sequence the first token, from 1, that is scored; null: token 1 for all
     * @param rows for each sequence the row of hidden states of each of its tokens but the last
     */
    NextLogprobs(PackedBatch batch, int[] firstScored, int[][] rows) {
        this.batch = batch;
        this.firstScored = firstScored;
        this.rows = rows;
    }

    void compute(VocabularyHead head, Workspace tensors, Backend backend) {
        SortedMap<Integer, List<Place>> places = new TreeMap<>(); // by row, ascending, as the head wants them
        for (int b = 0; b < rows.length; b++) {
            float[] own = new float[batch.segments().length(b) - 1];
            Arrays.fill(own, Float.NaN);
            logprobs.add(own);
            greedy.add(new boolean[own.length]);
            for (int t = firstScored == null ? 1 : firstScored[b]; t <= own.length; t++)
                places.computeIfAbsent(rows[b][t - 1], row -> new ArrayList<>()).add(new Place(b, t));
        }
        List<List<Place>> ofRow = List.copyOf(places.values());
        head.logits(places.keySet().stream().mapToInt(Integer::intValue).toArray(),
                (from, logits) -> read(ofRow.subList(from, from + logits.rows()), logits, tensors, backend));
    }

    /** Reads the first token of each row, then the second of those that have one, and so on. */
    private void read(List<List<Place>> ofRow, Tensor logits, Workspace tensors, Backend backend) {
        int most = ofRow.stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < most; i++) {
            int nth = i;
            int[] having = IntStream.range(0, ofRow.size()).filter(row -> ofRow.get(row).size() > nth).toArray();
            List<Place> places = Arrays.stream(having).mapToObj(row -> ofRow.get(row).get(nth)).toList();
            if (having.length == ofRow.size()) {
                readEach(places, logits, backend);
                continue;
            }
            Tensor some = tensors.allocate(having.length, logits.columns());
            backend.gatherRows(logits, having, some);
            readEach(places, some, backend);
            tensors.release(some);
        }
    }

    private void readEach(List<Place> places, Tensor logits, Backend backend) {
        int[] tokens = places.stream().mapToInt(this::id).toArray();
        float[] values = new float[tokens.length];
        int[] best = new int[tokens.length];
        backend.tokenLogprobs(logits, tokens, values, best);
        for (int i = 0; i < tokens.length; i++) {
            Place place = places.get(i);
            logprobs.get(place.sequence)[place.token - 1] = values[i];
            greedy.get(place.sequence)[place.token - 1] = best[i] == tokens[i];
        }
    }

    private int id(Place place) {
        return batch.ids()[batch.segments().start(place.sequence) + place.token];
    }

    /** For each sequence [T − 1], natural log: entry t − 1 is token t's; NaN where it is not scored. */
    List<float[]> logprobs() {
        return logprobs;
    }

    /** For each sequence [T − 1]: whether the token is the most likely one; false where it is not scored. */
    List<boolean[]> greedy() {
        return greedy;
    }
}
