package dev.crane.engine.decoder;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.hook.HookPoint;

/**
 * The edits of one pass.
 *
 * @param at for each hook point that is changed which edit each run of rows has
 * @param runs how the rows fall into runs of one edit: the sequences, or single rows where an edit is restricted to positions
 */
record PassEdits(Map<HookPoint, UnitEdits> at, Segments runs) {
    /** Those of sequence b alone. */
    PassEdits alone(int b, Segments sequences) {
        boolean rows = runs.count() != sequences.count(); // where all have one token the two are the same
        int from = rows ? sequences.start(b) : b;
        int to = rows ? from + sequences.length(b) : b + 1;
        Map<HookPoint, UnitEdits> own = new HashMap<>();
        at.forEach((point, edits) -> own.put(point,
                new UnitEdits(edits.edits(), IntStream.range(from, to).map(run -> edits.ofSequence()[run]).toArray())));
        return new PassEdits(own, rows ? rows(to - from) : new Segments(new int[]{0, sequences.length(b)}));
    }

    /** Every row is a run. */
    static Segments rows(int count) {
        return new Segments(IntStream.rangeClosed(0, count).toArray());
    }
}
