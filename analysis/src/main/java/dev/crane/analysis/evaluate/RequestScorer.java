package dev.crane.analysis.evaluate;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

import dev.crane.analysis.Progress;
import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.InterventionSet;

/**
 * Scores token requests under conditions. Requests go through the model in packed batches up to a token budget; a batch may hold sequences of several
 * conditions, each masked by its own set. Equal requests of one piece of work are scored once. Nothing is padded, so the requests keep their order and
 * the choices of a question stay together.
 */
public final class RequestScorer {
    private final Engine engine;
    private final int tokenBudget;

    /** @param tokenBudget most tokens in a batch; a longer request is a batch of its own */
    public RequestScorer(Engine engine, int tokenBudget) {
        this.engine = engine;
        this.tokenBudget = tokenBudget;
    }

    /**
     * Requests to be scored under one condition.
     *
     * @param condition the model's state
     * @param requests what is asked
     * @param log takes the scores; those that it holds already are not computed again
     */
    public record Work(Condition condition, List<TokenRequest> requests, ScoreLog log) {}

    /** A request by its place: which piece of work, which of its requests. */
    private record Sequence(int work, int request) {
        TokenRequest in(List<Work> all) {
            return all.get(work).requests.get(request);
        }
    }

    /**
     * Does all the work, in order.
     *
     * @param finished told the index of each piece of work as soon as its log is complete
     * @param stage what the work is called in progress reports
     * @param before how many requests beside these are done already, for progress reports
     */
    public void score(List<Work> all, IntConsumer finished, String stage, long before, Progress progress) {
        List<Sequence> sequences = new ArrayList<>();
        List<int[]> sameAs = new ArrayList<>();
        long total = before;
        long done = before;
        for (int w = 0; w < all.size(); w++) {
            int[] first = firstOfEqual(all.get(w).requests);
            sameAs.add(first);
            for (int r = 0; r < first.length; r++)
                if (first[r] == r && !all.get(w).log.has(r))
                    sequences.add(new Sequence(w, r));
            total += first.length;
            done += all.get(w).log.known();
        }
        int announced = 0;
        long begin = System.nanoTime();
        long tokens = 0;
        int from = 0;
        do {
            int to = from;
            long size = 0;
            while (to < sequences.size() && (to == from || size + sequences.get(to).in(all).ids().length <= tokenBudget))
                size += sequences.get(to++).in(all).ids().length;
            if (to > from)
                run(all, sequences.subList(from, to));
            done += to - from;
            tokens += size;
            from = to;
            // Work before the first sequence still to come is complete but for repetitions of its requests.
            int open = from < sequences.size() ? sequences.get(from).work : all.size();
            for (; announced < open; announced++) {
                done += copyToEqual(sameAs.get(announced), all.get(announced).log);
                finished.accept(announced);
            }
            progress.report(new Progress.Step(stage, done, total, "requests", tokens, (System.nanoTime() - begin) / 1e9));
        } while (from < sequences.size());
    }

    private void run(List<Work> all, List<Sequence> sequences) {
        List<InterventionSet> sets = new ArrayList<>();
        int[] setOf = new int[sequences.size()];
        for (int i = 0; i < setOf.length; i++) {
            Condition condition = all.get(sequences.get(i).work).condition;
            setOf[i] = condition.unmasked() ? -1 : sets.indexOf(condition.interventions());
            if (setOf[i] < 0 && !condition.unmasked()) {
                setOf[i] = sets.size();
                sets.add(condition.interventions());
            }
        }
        int[] first = sequences.stream().mapToInt(sequence -> sequence.in(all).first()).toArray();
        ForwardResult result;
        try {
            result = engine.forward(PackedBatch.of(sequences.stream().map(sequence -> sequence.in(all).ids()).toList()),
                    ForwardRequest.of(ForwardRequest.Output.NEXT_LOGPROBS, sets, setOf).scoringFrom(first));
        } catch (NonFiniteException e) {
            Sequence sequence = sequences.get(e.sequence());
            throw new CraneException(
                    sequence.in(all).origin() + ", mask " + all.get(sequence.work).condition.name() + ": " + e.getMessage(), e);
        }
        for (int from = 0; from < sequences.size();) {
            int work = sequences.get(from).work;
            List<TokenScore> found = new ArrayList<>();
            int to = from;
            for (; to < sequences.size() && sequences.get(to).work == work; to++)
                found.add(sum(result.logprobs().get(to), result.greedy().get(to), sequences.get(to).in(all).first()));
            all.get(work).log.add(sequences.subList(from, to).stream().mapToInt(Sequence::request).toArray(), found);
            from = to;
        }
    }

    /** In ascending order in f64, so that the bits are those of any other batch. */
    private static TokenScore sum(float[] logprobs, boolean[] greedy, int first) {
        double sum = 0;
        boolean all = true;
        for (int t = first - 1; t < logprobs.length; t++) {
            sum += logprobs[t];
            all &= greedy[t];
        }
        return new TokenScore(sum, all);
    }

    /** For each request the first one that is equal to it. */
    private static int[] firstOfEqual(List<TokenRequest> requests) {
        Map<List<Object>, Integer> first = new HashMap<>();
        int[] same = new int[requests.size()];
        for (int r = 0; r < same.length; r++)
            same[r] = first.merge(List.of(IntBuffer.wrap(requests.get(r).ids()), requests.get(r).first()), r, (before, now) -> before);
        return same;
    }

    /** Gives repeated requests the score of the first; how many there were. */
    private static int copyToEqual(int[] sameAs, ScoreLog log) {
        int[] missing = IntStream.range(0, sameAs.length).filter(r -> !log.has(r)).toArray();
        if (missing.length > 0)
            log.add(missing, Arrays.stream(missing).mapToObj(r -> log.get(sameAs[r])).toList());
        return missing.length;
    }
}
