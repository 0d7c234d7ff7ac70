package dev.crane.models.hooks;

import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;

import dev.crane.engine.CraneException;

/** What a run read, text by text. */
public final class Result implements Iterable<NamedArrays> {
    private final List<NamedArrays> texts;

    Result(List<NamedArrays> texts) {
        this.texts = List.copyOf(texts);
    }

    /** How many texts; where each ran under several sets of changes, texts times sets. */
    public int size() {
        return texts.size();
    }

    /** What was read of one text. */
    public NamedArrays of(int index) {
        return texts.get(Objects.checkIndex(index, texts.size()));
    }

    /**
     * An array of the only text.
     *
     * @throws CraneException if there are several texts, or no such array
     */
    public FloatArray get(String name) {
        if (texts.size() != 1)
            throw new CraneException("there are " + texts.size() + " texts: say of which one " + name + " is wanted, of(0).get(…)");
        return texts.getFirst().get(name);
    }

    @Override
    public Iterator<NamedArrays> iterator() {
        return texts.iterator();
    }

    /** A line for each array of each text. */
    @Override
    public String toString() {
        StringJoiner lines = new StringJoiner("\n");
        for (int i = 0; i < texts.size(); i++)
            lines.add(texts.size() == 1 ? texts.get(i).toString() : "text " + i + "\n" + texts.get(i));
        return lines.toString();
    }
}
