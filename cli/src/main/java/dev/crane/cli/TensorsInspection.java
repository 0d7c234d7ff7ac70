package dev.crane.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;

import static dev.crane.cli.Inspection.count;

/**
 * A safetensors file of any content.
 *
 * @param format of this record
 * @param file the file
 * @param elements numbers in all tensors
 * @param bytes of all tensors
 * @param tensors in the order of their bytes
 * @param metadata the file's own
 */
record TensorsInspection(String format, String file, long elements, long bytes, List<Stored> tensors,
        SortedMap<String, String> metadata) implements Inspection {
    /** A tensor. */
    record Stored(String name, String type, long[] shape, long bytes) {}

    static TensorsInspection of(SafetensorsReader reader) {
        List<Stored> tensors = new ArrayList<>();
        long elements = 0;
        long bytes = 0;
        for (String name : reader.names()) {
            StoredTensor tensor = reader.tensor(name);
            tensors.add(new Stored(name, tensor.dtype().name().toLowerCase(Locale.ROOT), tensor.shape(), tensor.data().byteSize()));
            elements += tensor.elements();
            bytes += tensor.data().byteSize();
        }
        return new TensorsInspection("crane/tensors@1", reader.file().toString(), elements, bytes, tensors,
                new TreeMap<>(reader.metadata()));
    }

    /** The file's own {@code format}; empty where it says none. */
    String ownFormat() {
        return metadata.getOrDefault("format", "");
    }

    @Override
    public void print(PrintWriter out) {
        out.println("%s: %s tensors, %s numbers, %s".formatted(file, count(tensors.size()), count(elements), Inspection.bytes(bytes)));
        out.println();
        Table table = new Table().text("tensor").text("type").text("shape").number("size");
        for (Stored tensor : tensors)
            table.row(HeatMap.visible(tensor.name).replace("\n", ""), tensor.type, Arrays.toString(tensor.shape),
                    Inspection.bytes(tensor.bytes));
        table.print(out);
        Inspection.printMetadata("metadata", metadata, out);
        out.flush();
    }
}
