package dev.crane.models.hooks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

import dev.crane.engine.CraneException;
import dev.crane.models.safetensors.SafetensorsWriter;

/** Arrays by name, in the order in which they were asked for. */
public final class NamedArrays implements Iterable<FloatArray> {
    private final Map<String, FloatArray> arrays = new LinkedHashMap<>();
    private final UnaryOperator<String> canonical;

    /** @param canonical turns another name of something into its own; what it does not know it gives back */
    NamedArrays(Collection<FloatArray> arrays, UnaryOperator<String> canonical) {
        for (FloatArray array : arrays)
            if (this.arrays.put(array.name(), array) != null)
                throw new CraneException("two arrays are called " + array.name() + "; give one of them another name with named(…)");
        this.canonical = canonical;
    }

    /** These arrays, each under its name. */
    public static NamedArrays of(FloatArray... arrays) {
        return new NamedArrays(List.of(arrays), name -> name);
    }

    /** The names. */
    public List<String> names() {
        return List.copyOf(arrays.keySet());
    }

    /** How many. */
    public int size() {
        return arrays.size();
    }

    /**
     * The array of a name; any name of its hook point will do.
     *
     * @throws CraneException if there is none
     */
    public FloatArray get(String name) {
        FloatArray array = arrays.get(name);
        if (array == null)
            array = arrays.get(canonical.apply(name));
        if (array == null)
            throw new CraneException("there is no array " + name + " here; there " + (arrays.isEmpty()
                    ? "are none at all"
                    : "are " + arrays.keySet().stream().limit(8).collect(Collectors.joining(", ")) + (arrays.size() > 8 ? ", …" : "")));
        return array;
    }

    @Override
    public Iterator<FloatArray> iterator() {
        return new ArrayList<>(arrays.values()).iterator();
    }

    /**
     * Writes all of them into one {@code .safetensors} file, whole or not at all.
     *
     * @throws CraneException for another ending, or if the file cannot be written
     */
    public void save(Path file) {
        if (!file.toString().endsWith(".safetensors"))
            throw new CraneException(file + ": arrays are saved as .safetensors, a single one also as .npy; end the name so");
        SafetensorsWriter writer = new SafetensorsWriter();
        arrays.values().forEach(array -> array.addTo(writer));
        writer.write(file);
    }

    /** The same. */
    public void save(String file) {
        save(Path.of(file));
    }

    /** A line for each array. */
    @Override
    public String toString() {
        return arrays.values().stream().map(FloatArray::toString).collect(Collectors.joining("\n"));
    }
}
