package dev.crane.engine.decoder;

import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Sequences that begin alike are run once as far as they do, and have the bits that each has alone. */
class SharedPrefixesTest {
    /** All of the tiny model but LongRoPE, whose angles depend on how long a sequence becomes. */
    private static final DecoderSpec SPEC = spec(
            List.of(TinyModel.SPEC.positions(0), TinyModel.SPEC.positions(1), TinyModel.SPEC.positions(0)));
    private static final int[] QUESTION = {1, 7, 9, 3, 4, 11, 12, 30, 31, 2};
    private static final int[] OTHER = {1, 8, 8, 6, 30, 31, 5, 5, 29};
    /** Choices of several tokens and of one; a text, the same again, its beginning, a token alone; the question under other interventions. */
    private static final List<int[]> SEQUENCES = List.of(with(QUESTION, 7, 9, 3), with(QUESTION, 7, 3, 9), with(QUESTION, 8),
            with(QUESTION, 9),
            with(QUESTION, 7, 9, 4), OTHER, OTHER, with(new int[]{1, 8, 8, 6}), new int[]{1}, with(QUESTION, 7, 9, 3),
            with(QUESTION, 20, 1));
    private static final int[] SET_OF = {0, 0, 0, 0, 0, -1, -1, -1, -1, 1, 1};
    private static final int[] FIRST = {10, 10, 10, 10, 2, 1, 9, 1, 1, 5, 10};
    private static final List<InterventionSet> SETS = List.of(zero("some", 1, 3), zero("others", 0, 2));

    private static int[] with(int[] beginning, int... rest) {
        return IntStream.concat(IntStream.of(beginning), IntStream.of(rest)).toArray();
    }

    private static DecoderSpec spec(List<Positions> positions) {
        DecoderSpec s = TinyModel.SPEC;
        return new DecoderSpec(s.family(), s.vocabulary(), s.hidden(), s.layers(), s.maxPositions(), s.norm(), s.normPlacement(),
                s.attention(),
                s.windows(), positions, s.mlp(), s.parallelResidual(), s.embeddingScale(), s.logitSoftcap(), s.tiedHead());
    }

    private static InterventionSet zero(String name, int... units) {
        return new InterventionSet(name, List.of(new Intervention.Zero(new HookPoint(Site.MLP_NEURON, 1), units),
                new Intervention.Zero(new HookPoint(Site.ATTN_K, 0), units), new Intervention.Zero(new HookPoint(Site.LOGITS, -1), units)));
    }

    @Test
    void onlyWhatDiffersIsRun() {
        SharedPrefixes shared = SharedPrefixes.of(PackedBatch.of(SEQUENCES), SET_OF);
        // The last token of a sequence is predicted only; single-token choices are read from the question's last row, sequence 4 from that of 0.
        assertArrayEquals(new int[]{0, 1, 5, 7, 8, 9, 10}, shared.sequences());
        assertArrayEquals(new int[]{0, 11, 0, 0, 0, 0, 10}, shared.past());
        assertArrayEquals(concat(with(QUESTION, 7, 9), new int[]{3}, new int[]{1, 8, 8, 6, 30, 31, 5, 5}, new int[]{1, 8, 8}, new int[]{1},
                with(QUESTION, 7, 9), new int[]{20}), shared.fresh().ids());
        assertArrayEquals(IntStream.range(0, 10).toArray(), shared.rows()[3]);
        assertArrayEquals(with(IntStream.range(0, 11).toArray(), 12), shared.rows()[1]);
        assertTrue(shared.isSharing());
        // A short beginning is not worth it.
        assertFalse(
                SharedPrefixes.of(PackedBatch.of(List.of(new int[]{1, 2, 3, 4, 5, 6, 7, 8, 9}, new int[]{1, 2, 3, 4, 5, 6, 7, 9, 8})), null)
                        .isSharing());
    }

    private static int[] concat(int[]... parts) {
        return List.of(parts).stream().flatMapToInt(IntStream::of).toArray();
    }

    @ParameterizedTest
    @MethodSource("dev.crane.engine.decoder.AllBackends#backends")
    void sharingChangesNoBit(Backend backend) {
        TinyModel model = new TinyModel(SPEC, 11);
        try (Engine engine = model.engine(backend); Engine small = model.engine(backend, new EngineOptions(1))) {
            ForwardRequest all = ForwardRequest.of(Output.NEXT_LOGPROBS, SETS, SET_OF);
            for (ForwardRequest request : List.of(all, all.scoringFrom(FIRST))) {
                ForwardResult together = engine.forward(PackedBatch.of(SEQUENCES), request);
                ForwardResult inParts = small.forward(PackedBatch.of(SEQUENCES), request);
                for (int b = 0; b < SEQUENCES.size(); b++) {
                    ForwardRequest own = ForwardRequest.of(Output.NEXT_LOGPROBS, SETS, new int[]{SET_OF[b]});
                    ForwardResult alone = engine.forward(PackedBatch.of(List.of(SEQUENCES.get(b))),
                            request.firstScored() == null ? own : own.scoringFrom(new int[]{FIRST[b]}));
                    for (ForwardResult other : List.of(together, inParts)) {
                        assertArrayEquals(bits(alone.logprobs().get(0)), bits(other.logprobs().get(b)), "sequence " + b);
                        assertArrayEquals(alone.greedy().get(0), other.greedy().get(b), "sequence " + b);
                    }
                }
            }
        }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back");
    }

    /** A pass with captures runs every sequence whole. */
    @ParameterizedTest
    @MethodSource("dev.crane.engine.decoder.AllBackends#backends")
    void wholeSequencesHaveTheSameBits(Backend backend) {
        try (Engine engine = new TinyModel(SPEC, 11).engine(backend)) {
            PackedBatch batch = PackedBatch.of(SEQUENCES);
            ForwardResult shared = engine.forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS, SETS, SET_OF).scoringFrom(FIRST));
            ForwardResult whole = engine.forward(batch, new ForwardRequest(Output.NEXT_LOGPROBS,
                    List.of(Capture.whole(new HookPoint(Site.MLP_UP, 0))), SETS, SET_OF, FIRST));
            for (int b = 0; b < SEQUENCES.size(); b++) {

                assertArrayEquals(bits(whole.logprobs().get(b)), bits(shared.logprobs().get(b)), "sequence " + b);
                assertArrayEquals(whole.greedy().get(b), shared.greedy().get(b), "sequence " + b);
            }
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++)
            bits[i] = Float.floatToIntBits(values[i]);
        return bits;
    }

    @Test
    void aNanIsFoundWhereItArises() {
        TinyModel model = new TinyModel(SPEC, 11).with("embedding", table -> {
            table[20 * SPEC.hidden()] = Float.NaN; // token 20, the eleventh of the last sequence
            return table;
        });
        try (ReferenceBackend backend = new ReferenceBackend(); Engine engine = model.engine(backend)) {
            NonFiniteException found = assertThrows(NonFiniteException.class, () -> engine.forward(PackedBatch.of(SEQUENCES),
                    ForwardRequest.of(Output.NEXT_LOGPROBS, SETS, SET_OF)));
            assertEquals(10, found.sequence());
            assertEquals(10, found.token());
            assertEquals(new HookPoint(Site.RESID_PRE, 0), found.point());
        }
    }
}
