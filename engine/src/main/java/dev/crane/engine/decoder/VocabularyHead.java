package dev.crane.engine.decoder;

import java.util.Arrays;

import dev.crane.engine.NonFiniteException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** The product of hidden states with the vocabulary, a few rows at a time, so that it needs little memory however many rows there are. */
final class VocabularyHead {
    /** The hook point of the logits. */
    static final HookPoint LOGITS = new HookPoint(Site.LOGITS, -1);

    private final Decoder decoder;
    private final Backend backend;
    private final Pass pass;
    private final Tensor hidden;

    /** What is done with some rows of logits. */
    interface Consumer {
        /**
         * @param from index of the first of these rows among all rows
         * @param logits [count, vocabulary], given back by the caller
         */
        void accept(int from, Tensor logits);
    }

    /** @param hidden [N, hidden] after the final norm */
    VocabularyHead(Decoder decoder, Pass pass, Tensor hidden) {
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.pass = pass;
        this.hidden = hidden;
    }

    /** Rows at once: 256, fewer where their logits would exceed 64 MiB; with 64 or more, reading the matrix is a small part of the product. */
    static int rowsAtOnce(int vocabulary) {
        return Math.clamp((64L << 20) / (4L * vocabulary), 64, 256);
    }

    /** Gives the final logits (softcap and edits applied) of some rows of the hidden states to the consumer, in order. */
    void logits(int[] rows, Consumer consumer) {
        int step = rowsAtOnce(decoder.spec().vocabulary());
        for (int from = 0; from < rows.length; from += step) {
            int[] some = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + step));
            Tensor logits = rawLogits(some);
            finish(logits, some);
            consumer.accept(from, logits);
            pass.tensors.release(logits);
        }
    }

    /** Logits before softcap and edits. */
    Tensor rawLogits(int[] rows) {
        backend.enter(LOGITS.site().label(), LOGITS.layer());
        Tensor h = pass.tensors.allocate(rows.length, hidden.columns());
        backend.gatherRows(hidden, rows, h);
        Tensor logits = pass.tensors.allocateF32(rows.length, decoder.spec().vocabulary());
        backend.linear(decoder.parameters().head(), decoder.parameters().headBias(), h, logits);
        pass.tensors.release(h);
        return logits;
    }

    /** Softcap and edits, in place. */
    void finish(Tensor logits, int[] rows) {
        if (decoder.spec().logitSoftcap() > 0)
            backend.softcap(logits, decoder.spec().logitSoftcap());
        UnitEdits edits = pass.edits(LOGITS.site(), LOGITS.layer());
        if (edits != null)
            backend.edit(logits, runsOf(rows), edits);
        int bad = backend.firstNonFinite(logits);
        if (bad >= 0) {
            int b = pass.segments.of(rows[bad]);
            throw new NonFiniteException(b, LOGITS, rows[bad] - pass.segments.start(b), false);
        }
    }

    /** How some rows, ascending, fall into the pass's runs of one edit; a run may have none of them. */
    private Segments runsOf(int[] rows) {
        int[] offsets = new int[pass.runs.count() + 1];
        for (int row : rows)
            offsets[pass.runs.of(row) + 1]++;
        for (int run = 0; run < pass.runs.count(); run++)
            offsets[run + 1] += offsets[run];
        return new Segments(offsets);
    }
}
