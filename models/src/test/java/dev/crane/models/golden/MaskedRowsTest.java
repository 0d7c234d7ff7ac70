package dev.crane.models.golden;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

/** A mask on units, named by rows as the files hold them, gives bit for bit what the model gives whose files have these rows zeroed. */
class MaskedRowsTest {
    private static final int LAYER = 1;

    @TempDir
    Path folder;

    static List<String> families() {
        return FamilyGoldenTest.FAMILIES;
    }

    @ParameterizedTest
    @MethodSource("families")
    void aMaskIsWhatZeroedRowsAre(String family) throws IOException {
        Path original = FamilyGoldenTest.folder(family);
        Files.copy(original.resolve("config.json"), folder.resolve("config.json"));
        try (CausalLanguageModel model = load(original);
                SafetensorsReader golden = SafetensorsReader.open(original.resolve("golden.safetensors"))) {
            DecoderSpec spec = model.spec();
            PackedBatch batch = PackedBatch.of(FamilyGoldenTest.sequences(golden));
            List<float[]> unmasked = model.engine().forward(batch, ForwardRequest.of(Output.ALL_LOGITS)).logits();
            Map<HookPoint, Zeroed> changes = new TreeMap<>();
            spec.modules().linear()
                    .forEach((site, module) -> changes.put(spec.point(site, LAYER), new Zeroed(spec.point(site, LAYER), false)));
            // What the down projection reads is cut off by the columns of that projection.
            changes.put(spec.point(Site.MLP_NEURON, LAYER), new Zeroed(spec.point(Site.MLP_DOWN, LAYER), true));
            changes.put(spec.point(Site.MLP_ACT, LAYER), new Zeroed(spec.point(Site.MLP_DOWN, LAYER), true));
            for (Map.Entry<HookPoint, Zeroed> change : changes.entrySet()) {
                HookPoint point = change.getKey();
                int width = spec.units(point.site());
                int[] units = {0, 5, width / 2, width - 1};
                rewrite(original, change.getValue(), units, family.equals("gpt2"));
                InterventionSet mask = new InterventionSet("mask",
                        List.of(new Intervention.Zero(HookPoint.parse(point.path()).orElseThrow(), units)));
                List<float[]> masked = model.engine()
                        .forward(batch, ForwardRequest.of(Output.ALL_LOGITS, List.of(mask), new int[]{0, 0, 0, -1}))
                        .logits();
                assertFalse(Arrays.equals(unmasked.get(0), masked.get(0)), point + ": the mask does something");
                assertArrayEquals(unmasked.get(3), masked.get(3), point + ": a sequence without mask");
                try (CausalLanguageModel zeroed = load(folder)) {
                    List<float[]> expected = zeroed.engine().forward(batch, ForwardRequest.of(Output.ALL_LOGITS)).logits();
                    for (int i = 0; i < 3; i++)
                        assertArrayEquals(expected.get(i), masked.get(i), point + " sequence " + i);
                }
            }
        }
    }

    /** The rows of a module's weight and bias, or the columns of its weight. */
    private record Zeroed(HookPoint module, boolean columns) {}

    private static CausalLanguageModel load(Path path) {
        return CausalLanguageModel.load(path, Backends.create("cpu", 2), EngineOptions.DEFAULT);
    }

    private void rewrite(Path original, Zeroed zeroed, int[] units, boolean transposed) {
        String weight = zeroed.module.path() + ".weight";
        String bias = zeroed.module.path() + ".bias";
        try (SafetensorsReader reader = SafetensorsReader.open(original.resolve("model.safetensors"))) {
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : reader.names()) {
                StoredTensor tensor = reader.tensor(name);
                boolean columns = zeroed.columns != transposed;
                if (name.equals(weight))
                    writer.add(changed(tensor, bytes -> zero(bytes, tensor.shape(), units, columns)));
                else if (name.equals(bias) && !zeroed.columns)
                    writer.add(changed(tensor, bytes -> zero(bytes, new long[]{tensor.size(0), 1}, units, false)));
                else
                    writer.add(tensor);
            }
            writer.write(folder.resolve("model.safetensors"));
        }
    }

    private static StoredTensor changed(StoredTensor tensor, UnaryOperator<byte[]> change) {
        byte[] bytes = change.apply(tensor.data().toArray(ValueLayout.JAVA_BYTE));
        return new StoredTensor(tensor.name(), tensor.dtype(), tensor.shape(), MemorySegment.ofArray(bytes));
    }

    /** Zeroes rows or columns of a matrix of 16-bit numbers. */
    private static byte[] zero(byte[] bytes, long[] shape, int[] units, boolean columns) {
        List<int[]> places = new ArrayList<>();
        for (int unit : units)
            for (int other = 0; other < (columns ? shape[0] : shape[1]); other++)
                places.add(columns ? new int[]{other, unit} : new int[]{unit, other});
        for (int[] place : places)
            Arrays.fill(bytes, 2 * (int) (place[0] * shape[1] + place[1]), 2 * (int) (place[0] * shape[1] + place[1]) + 2, (byte) 0);
        return bytes;
    }
}
