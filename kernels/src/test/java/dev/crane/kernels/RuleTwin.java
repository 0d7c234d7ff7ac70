package dev.crane.kernels;

import java.util.List;

/**
 * What the built-in rules do, told anew for the tests.
 *
 * @param detachNorm whether 1/σ is a constant
 * @param ratio whether y/x stands for derivatives
 */
record RuleTwin(String name, boolean detachNorm, boolean ratio, double gate, double up, double query, double key, double value) {
    static final List<RuleTwin> ALL = List.of(new RuleTwin("gradient", false, false, 1, 1, 1, 1, 1),
            new RuleTwin("attnlrp", true, true, 0.5, 0.5, 0.25, 0.25, 0.5), new RuleTwin("cp-lrp", true, true, 0, 1, 0, 0, 1));

    @Override
    public String toString() {
        return name;
    }
}
