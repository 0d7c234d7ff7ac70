package dev.crane.engine;

import java.io.Serial;

import dev.crane.engine.hook.HookPoint;

/** A pass met a NaN or an infinity: nothing computed from it would mean anything, so the pass ends. Says in which sequence and where first. */
public final class NonFiniteException extends CraneException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int sequence;
    private final transient HookPoint point;
    private final int token;
    private final boolean backward;

    /**
     * @param sequence index in the batch
     * @param point the first hook point with such a value
     * @param token the first such position in the sequence
     * @param backward whether it is the gradient there rather than the value
     */
    public NonFiniteException(int sequence, HookPoint point, int token, boolean backward) {
        super((backward ? "the gradient" : "the value") + " at " + point + " is NaN or infinite (sequence " + sequence
                + " of the batch, token "
                + token
                + "): the model's weights, or an intervention, drive it beyond what f32 holds; leave this text out, or check the model");
        this.sequence = sequence;
        this.point = point;
        this.token = token;
        this.backward = backward;
    }

    /** Index of the sequence in the batch that was given. */
    public int sequence() {
        return sequence;
    }

    /** The first hook point at which such a value appeared. */
    public HookPoint point() {
        return point;
    }

    /** The first position in the sequence at which it appeared there. */
    public int token() {
        return token;
    }

    /** The same of a batch in which the sequence has another index. */
    public NonFiniteException withSequence(int index) {
        return new NonFiniteException(index, point, token, backward);
    }
}
