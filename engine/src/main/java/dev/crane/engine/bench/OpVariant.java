package dev.crane.engine.bench;

/**
 * One op as it is called in one way.
 *
 * @param op name of the method of {@link dev.crane.engine.backend.Backend}
 * @param name what tells it from the op's other variants; may be empty
 * @param preparation makes the operands
 */
public record OpVariant(String op, String name, Preparation preparation) {
    /** Makes the operands of an op and gives the call. */
    interface Preparation {
        Runnable prepare(OpInputs inputs);
    }

    @Override
    public String toString() {
        return name.isEmpty() ? op : op + " " + name;
    }
}
