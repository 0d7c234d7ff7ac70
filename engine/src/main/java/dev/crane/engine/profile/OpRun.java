package dev.crane.engine.profile;

import dev.crane.engine.backend.OpTimer.Timing;

/**
 * One op that ran.
 *
 * @param op name of the method of {@link dev.crane.engine.backend.Backend}
 * @param site where in the model it belongs ({@link dev.crane.engine.backend.Backend#enter}); empty before the first place was entered
 * @param layer its layer, −1 for none
 * @param work what it had to do
 * @param timing when it ran
 */
public record OpRun(String op, String site, int layer, Work work, Timing timing) {}
