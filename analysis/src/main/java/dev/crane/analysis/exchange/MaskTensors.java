package dev.crane.analysis.exchange;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * A mask as a safetensors file: for each hook point that has masked units a tensor of its name, U8 [units], 1 where a unit is masked and 0 elsewhere. In
 * {@code __metadata__} what else {@link MaskFile} tells: {@code format}, {@code model}, {@code model_hash}, {@code layers}, {@code widths}
 * ({@code mlp.gate=512 …}), {@code intervention}, and the provenance, each name behind {@code provenance.}
 */
public final class MaskTensors {
    private static final String PROVENANCE = "provenance.";

    private MaskTensors() {
    }

    /**
     * Writes a mask.
     *
     * @throws CraneException if the mask does not tell how many units a hook point has, or does anything but set units to 0
     */
    public static void write(MaskFile mask, Path file) {
        if (!mask.intervention().equals(new MaskIntervention.Zero()))
            throw new CraneException("cannot write " + file + ": what the mask does to its units (" + mask.intervention().describe()
                    + ") such tensors do not tell, only which it sets to 0; keep it as .mask.json");
        MaskedModel model = mask.model();
        SafetensorsWriter writer = new SafetensorsWriter().metadata("format", MaskFile.FORMAT).metadata("model", model.name())
                .metadata("model_hash", model.hash()).metadata("layers", Integer.toString(model.layers()))
                .metadata("widths", model.widths().entrySet().stream().map(width -> width.getKey().label() + "=" + width.getValue())
                        .collect(Collectors.joining(" ")))
                .metadata("intervention", "zero");
        mask.provenance().forEach((name, value) -> writer.metadata(PROVENANCE + name, value));
        mask.mask().units().forEach((point, units) -> {
            Integer width = model.widths().get(point.site());
            if (width == null)
                throw new CraneException("cannot write " + file + ": the mask does not tell how many units " + point
                        + " has; give its model with --model DIR");
            byte[] set = new byte[width];
            for (int unit : units) {
                if (unit >= width)
                    throw new CraneException(
                            "cannot write " + file + ": row " + unit + " of " + point + " is out of range; it has " + width);
                set[unit] = 1;
            }
            writer.add(point.path(), DType.U8, new long[]{width}, out -> {
                ByteBuffer bytes = ByteBuffer.wrap(set);
                while (bytes.hasRemaining())
                    out.write(bytes);
            });
        });
        writer.write(file);
    }

    /**
     * Reads a mask. Tensors may be U8 or BOOL; a file of another tool's need not have any metadata.
     *
     * @param otherwise the model it is a mask of where the file does not say
     * @throws CraneException one line that says what is wrong with the file
     */
    public static MaskFile read(Path file, MaskedModel otherwise) {
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            Map<HookPoint, int[]> units = new TreeMap<>();
            for (String name : reader.names()) {
                HookPoint point = Points.parse(name, file.toString());
                if (units.put(point, units(file, reader.tensor(name))) != null)
                    throw new CraneException(file + ": " + point + " is named twice, by different names");
            }
            SortedMap<String, String> provenance = new TreeMap<>();
            reader.metadata().forEach((name, value) -> {
                if (name.startsWith(PROVENANCE))
                    provenance.put(name.substring(PROVENANCE.length()), value);
            });
            return new MaskFile(model(file, reader.metadata(), otherwise), UnitMask.of(units), provenance);
        }
    }

    private static int[] units(Path file, StoredTensor tensor) {
        if ((tensor.dtype() != DType.U8 && tensor.dtype() != DType.BOOL) || tensor.shape().length != 1)
            throw new CraneException(file + ": tensor " + tensor + " is no mask; it must be U8 or BOOL, a number for each unit");
        List<Integer> units = new ArrayList<>();
        for (int unit = 0; unit < tensor.size(0); unit++) {
            byte value = tensor.data().get(ValueLayout.JAVA_BYTE, unit);
            if (value != 0 && value != 1)
                throw new CraneException(file + ": tensor " + tensor + " holds a " + (value & 0xff) + " at " + unit
                        + "; 1 says that a unit is masked, 0 that it is not");
            if (value == 1)
                units.add(unit);
        }
        return units.stream().mapToInt(Integer::intValue).toArray();
    }

    private static MaskedModel model(Path file, Map<String, String> metadata, MaskedModel otherwise) {
        if (!metadata.containsKey("format"))
            return otherwise;
        if (!metadata.get("format").equals(MaskFile.FORMAT) || !metadata.getOrDefault("intervention", "zero").equals("zero"))
            throw new CraneException(file + ": is no mask that sets units to zero, by its format and intervention");
        SortedMap<Site, Integer> widths = new TreeMap<>();
        for (String width : metadata.getOrDefault("widths", "").split(" ", -1)) {
            String[] parts = width.split("=", 2);
            if (parts.length == 2)
                widths.put(Site.of(parts[0]).orElseThrow(() -> damaged(file, "widths")), number(file, "widths", parts[1]));
        }
        return new MaskedModel(metadata.getOrDefault("model", ""), metadata.getOrDefault("model_hash", ""),
                number(file, "layers", metadata.getOrDefault("layers", "0")), widths);
    }

    private static int number(Path file, String key, String text) {
        if (!text.matches("\\d{1,9}"))
            throw damaged(file, key);
        return Integer.parseInt(text);
    }

    private static CraneException damaged(Path file, String key) {
        return new CraneException(file + ": its metadata are damaged at \"" + key + "\"");
    }
}
