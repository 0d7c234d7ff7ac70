package dev.crane.models.jinja;

import java.util.List;

/** The variable {@code loop} inside a loop. */
final class LoopState implements Function {
    private final List<Object> items;
    private final int depth;
    private final Function recursion;
    private final boolean strict;
    private int index = -1;
    private Object changedValue = this;

    /** @param recursion what calling {@code loop} does; null where the loop is not recursive */
    LoopState(List<Object> items, int depth, Function recursion, boolean strict) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
        this.strict = strict;
    }

    void advance() {
        index++;
    }

    boolean hasMember(String name) {
        return member(name) != this;
    }

    Object member(String name) {
        long size = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> size - index;
            case "revindex0" -> size - index - 1;
            case "first" -> index == 0;
            case "last" -> index == size - 1;
            case "length" -> size;
            case "depth" -> depth + 1L;
            case "depth0" -> (long) depth;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("there is no previous item", strict);
            case "nextitem" -> index + 1 < size ? items.get(index + 1) : new Undefined("there is no next item", strict);
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::changed;
            default -> this;
        };
    }

    private Object cycle(Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateError("no items for cycling given");
        }
        return arguments.positional().get(index % arguments.positional().size());
    }

    private Object changed(Arguments arguments) {
        Object value = new Values.Tuple(arguments.positional());
        boolean changed = changedValue == this || !Values.equal(changedValue, value);
        changedValue = value;
        return changed;
    }

    @Override
    public Object call(Arguments arguments) {
        if (recursion == null) {
            throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.");
        }
        return recursion.call(arguments);
    }
}
