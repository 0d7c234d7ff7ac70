package dev.crane.analysis.exchange;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.mask.UnitValues;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Masks as tables and as tensors. */
class MaskFormsTest {
    private static final MaskedModel MODEL = new MaskedModel("small", "abc", 2,
            new TreeMap<>(Map.of(Site.MLP_GATE, 6, Site.MLP_NEURON, 6)));
    private static final MaskFile MASK = new MaskFile(MODEL, UnitMask.of(Map.of(new HookPoint(Site.MLP_NEURON, 1), new int[]{4, 0},
            new HookPoint(Site.MLP_GATE, 0), new int[]{5})), new TreeMap<>(Map.of("method", "crane", "language", "vi")));

    @TempDir
    Path folder;

    @Test
    void asATable() throws IOException {
        Path file = folder.resolve("vi.csv");
        MaskCsv.write(MASK, file);
        assertEquals("module,unit\nmodel.layers.0.mlp.gate_proj,5\nmodel.layers.1.mlp.neuron,0\nmodel.layers.1.mlp.neuron,4\n",
                Files.readString(file));
        MaskFile read = MaskCsv.read(file, MODEL);
        assertEquals(MASK.mask(), read.mask());
        assertEquals(MODEL, read.model());
        assertEquals(Map.of("imported", "vi.csv"), read.provenance());
    }

    @Test
    void tablesOfOthers() throws IOException {
        Path file = Files.writeString(folder.resolve("a.csv"),
                "rank,unit,module,value\r\n1,4,model.layers.1.mlp.neuron,0\r\n2,0,\"blocks.1.mlp.hook_post\",0.0\r\n3,5,model.layers.0.mlp.gate_proj,0\r\n");
        assertEquals(MASK.mask(), MaskCsv.read(file, MODEL).mask());
    }

    @Test
    void whatUnitsAreSetTo() throws IOException {
        MaskFile constant = new MaskFile(MODEL, MASK.mask(), new MaskIntervention.Constant(UnitValues.each("mean of others",
                Map.of(new HookPoint(Site.MLP_NEURON, 1), new float[]{0.25f, -3}, new HookPoint(Site.MLP_GATE, 0), new float[]{0}))),
                MASK.provenance());
        Path file = folder.resolve("vi.csv");
        MaskCsv.write(constant, file);
        assertEquals(
                "module,unit,value\nmodel.layers.0.mlp.gate_proj,5,0.0\nmodel.layers.1.mlp.neuron,0,0.25\nmodel.layers.1.mlp.neuron,4,-3.0\n",
                Files.readString(file));
        MaskIntervention.Constant read = (MaskIntervention.Constant) MaskCsv.read(file, MODEL).intervention();
        assertArrayEquals(new float[]{0.25f, -3}, read.values().at(new HookPoint(Site.MLP_NEURON, 1), 2));
        assertArrayEquals(new float[]{0}, read.values().at(new HookPoint(Site.MLP_GATE, 0), 1));
        MaskFile scaled = new MaskFile(MODEL, MASK.mask(), new MaskIntervention.Scale(0.5f), MASK.provenance());
        assertTrue(assertThrows(CraneException.class, () -> MaskCsv.write(scaled, file)).getMessage()
                .contains("(scale 0.5) a table does not tell"));
        assertTrue(assertThrows(CraneException.class, () -> MaskTensors.write(constant, file)).getMessage()
                .contains("(mean of others) such tensors"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {"no column | module,row/model.layers.0.mlp.neuron,1 | has no column \"unit\"",
            "no hook point | module,unit/layer 3,1 | line 2: there is no hook point 'layer 3'",
            "no number | module,unit/model.layers.0.mlp.neuron,x | line 2 has the unit 'x'",
            "negative | module,unit/model.layers.0.mlp.neuron,-1 | line 2 has the unit '-1'",
            "twice | module,unit/model.layers.0.mlp.neuron,1/model.layers.0.mlp.neuron,1 | line 3 names unit 1 of model.layers.0.mlp.neuron again",
            "no value | module,unit,value/model.layers.0.mlp.neuron,1,x | line 2 has the value 'x'"})
    void badTables(String name, String lines, String what) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.csv"), lines.replace('/', '\n') + "\n");
        String message = assertThrows(CraneException.class, () -> MaskCsv.read(file, MODEL)).getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains(what), message);
    }

    @Test
    void asTensorsAndBackToTheSameFile() throws IOException {
        Path json = folder.resolve("vi.mask.json");
        Path tensors = folder.resolve("vi.safetensors");
        MASK.write(json);
        MaskTensors.write(MaskFile.read(json), tensors);
        try (SafetensorsReader reader = SafetensorsReader.open(tensors)) {
            assertEquals(2, reader.names().size());
            assertEquals(DType.U8, reader.tensor("model.layers.1.mlp.neuron").dtype());
            assertArrayEquals(new long[]{1, 0, 0, 0, 1, 0}, reader.longs("model.layers.1.mlp.neuron"));
            assertArrayEquals(new long[]{0, 0, 0, 0, 0, 1}, reader.longs("model.layers.0.mlp.gate_proj"));
        }
        Path again = folder.resolve("again.mask.json");
        MaskTensors.read(tensors, null).write(again);
        assertEquals(Files.readString(json), Files.readString(again));
    }

    @Test
    void tensorsOfOthers() {
        Path file = folder.resolve("other.safetensors");
        new SafetensorsWriter().add(new StoredTensor("model.layers.1.mlp.neuron", DType.BOOL, new long[]{6},
                MemorySegment.ofArray(new byte[]{1, 0, 0, 0, 1, 0}))).write(file);
        MaskFile read = MaskTensors.read(file, MODEL);
        assertEquals(UnitMask.of(Map.of(new HookPoint(Site.MLP_NEURON, 1), new int[]{0, 4})), read.mask());
        assertEquals(MODEL, read.model());
        new SafetensorsWriter().add("model.layers.1.mlp.neuron", new float[]{1, 0}, 2).write(file);
        assertTrue(refusal(file).contains("F32[2] is no mask; it must be U8 or BOOL"));
        new SafetensorsWriter().add(new StoredTensor("model.layers.1.mlp.neuron", DType.U8, new long[]{2},
                MemorySegment.ofArray(new byte[]{1, 2}))).write(file);
        assertTrue(refusal(file).contains("holds a 2 at 1"));
        new SafetensorsWriter().add(new StoredTensor("lm_head", DType.U8, new long[]{1}, MemorySegment.ofArray(new byte[1]))).write(file);
        assertTrue(refusal(file).contains("there is no hook point 'lm_head'"));
    }

    private static String refusal(Path file) {
        return assertThrows(CraneException.class, () -> MaskTensors.read(file, MODEL)).getMessage();
    }

    @Test
    void tensorsNeedToKnowHowManyUnitsThereAre() {
        MaskFile unnamed = new MaskFile(new MaskedModel("", "", 0, new TreeMap<>()), MASK.mask(), new TreeMap<>());
        assertTrue(assertThrows(CraneException.class, () -> MaskTensors.write(unnamed, folder.resolve("x.safetensors"))).getMessage()
                .contains("give its model with --model DIR"));
        assertEquals(List.of(), List.of(folder.toFile().list()));
    }
}
