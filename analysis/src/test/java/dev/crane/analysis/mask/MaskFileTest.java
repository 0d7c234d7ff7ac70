package dev.crane.analysis.mask;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class MaskFileTest {
    private static final MaskedModel MODEL = MaskedModel.of("small", "0123456789abcdef", SmallModel.SPEC);
    private static final UnitMask MASK = UnitMask
            .of(Map.of(new HookPoint(Site.MLP_GATE, 0), new int[]{3, 5}, new HookPoint(Site.MLP_DOWN, 1),
                    new int[]{0}));

    @TempDir
    Path folder;

    @Test
    void comesBackAsItWas() throws IOException {
        Path file = folder.resolve("en.mask.json");
        MaskFile written = new MaskFile(MODEL, MASK, new TreeMap<>(Map.of("method", "crane", "budget", "2 \"units\"\n")));
        written.write(file);
        assertEquals(written, MaskFile.read(file));
        String text = Files.readString(file);
        assertTrue(text.contains("\"format\" : \"crane/mask@1\""), text);
        assertTrue(text.contains("\"model.layers.0.mlp.gate_proj\" : [ 3, 5 ]"), text);
        MaskFile.read(file).write(folder.resolve("again.json"));
        assertEquals(text, Files.readString(folder.resolve("again.json")));
    }

    @Test
    void interventionsComeBackToTheBit() throws IOException {
        UnitValues each = UnitValues.each("mean of others", Map.of(new HookPoint(Site.MLP_GATE, 0), new float[]{0.1f, -3e-39f},
                new HookPoint(Site.MLP_DOWN, 1), new float[]{Float.MAX_VALUE}));
        for (MaskIntervention intervention : List.of(new MaskIntervention.Constant(UnitValues.same(0)),
                new MaskIntervention.Constant(each), new MaskIntervention.Scale(0.3f), new MaskIntervention.Add(UnitValues.same(-1.1f)),
                new MaskIntervention.Add(each))) {
            Path file = folder.resolve("en.mask.json");
            MaskFile written = new MaskFile(MODEL, MASK, intervention, new TreeMap<>());
            written.write(file);
            assertEquals(written, MaskFile.read(file));
            String text = Files.readString(file);
            MaskFile.read(file).write(file);
            assertEquals(text, Files.readString(file));
        }
    }

    /** Values belong to rows as they stand in the file, whatever their order. */
    @Test
    void valuesFollowTheirRows() {
        MaskFile read = MaskFile
                .read(file("{\"format\": \"crane/mask@1\", \"model\": \"small\", \"units\": {\"blocks.0.mlp.hook_pre\": [5, 1, 3]}, "
                        + "\"intervention\": {\"kind\": \"add\", \"values\": {\"model.layers.0.mlp.gate_proj\": [50, 10, 30]}}}"));
        Intervention.Add add = (Intervention.Add) read.interventions("m").interventions().getFirst();
        assertArrayEquals(new int[]{1, 3, 5}, add.units());
        assertArrayEquals(new float[]{10, 30, 50}, add.values());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "{\"kind\": \"mean\"} | \"intervention\" must be \"zero\", or an object with the \"kind\" constant, scale or add",
            "{\"kind\": \"scale\"} | \"intervention.factor\" is missing",
            "{\"kind\": \"scale\", \"factor\": \"2\"} | \"intervention.factor\": '\"2\"' is no finite number",
            "{\"kind\": \"scale\", \"factor\": 1e39} | \"intervention.factor\": '1.0E39' is no finite number",
            "{\"kind\": \"zero\", \"value\": 1} | unknown key 'intervention.value'; known are kind",
            "{\"kind\": \"add\"} | \"intervention\" lacks \"value\", a number, or \"values\", an object of hook points and a number for each row",
            "{\"kind\": \"add\", \"values\": {\"model.layers.1.mlp.gate_proj\": [1]}} | \"intervention.values\" names "
                    + "'model.layers.1.mlp.gate_proj', which \"units\" does not",
            "{\"kind\": \"add\", \"values\": {\"model.layers.0.mlp.gate_proj\": [1]}} | \"intervention.values\" must hold 2 numbers for "
                    + "model.layers.0.mlp.gate_proj, one for each of its rows",
            "{\"kind\": \"add\", \"values\": {}} | \"intervention.values\" has none for model.layers.0.mlp.gate_proj"})
    void badInterventions(String intervention, String message) {
        Path file = file(mask("{\"model.layers.0.mlp.gate_proj\": [3, 5]}").replace("\"zero\"", intervention));
        CraneException e = assertThrows(CraneException.class, () -> MaskFile.read(file));
        assertEquals(file + ": " + message, e.getMessage());
    }

    @Test
    void whatIsReadLeniently() {
        MaskFile read = MaskFile.read(file("{\"format\": \"crane/mask@1\", \"model\": \"small\", \"intervention\": \"zero\", \"units\": "
                + "{\"blocks.0.mlp.hook_pre\": [5, 3], \"blocks.1.hook_mlp_out\": [0], \"model.layers.1.mlp.up_proj\": []}, "
                + "\"provenance\": {\"seed\": 42, \"z\": 1.5}}"));
        assertEquals(MASK, read.mask());
        assertEquals(new MaskedModel("small", "", 0, new TreeMap<>()), read.model());
        assertEquals(Map.of("seed", "42", "z", "1.5"), read.provenance());
        assertEquals(new TreeMap<>(), MaskFile.read(file(mask("{}"))).provenance());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "[] | is not a JSON object",
            "{} | it is no mask: \"format\" must be \"crane/mask@1\"",
            "{\"format\": \"crane/mask@2\"} | the format 'crane/mask@2' is not known; this version reads crane/mask@1",
            "{\"format\": \"crane/mask@1\", \"Units\": {}} | unknown key 'Units'; known are format, model, intervention, units, provenance",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"mean\", \"model\": \"m\", \"units\": {}} | \"intervention\" must be \"zero\", or an object "
                    + "with the \"kind\" constant, scale or add",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"zero\", \"units\": {}} | \"model\" is missing: the name of the model, or an object "
                    + "with its name and hash",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"zero\", \"model\": {\"sha\": \"\"}, \"units\": {}} | unknown key 'model.sha'; "
                    + "known are name, hash, layers, widths",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"zero\", \"model\": 3, \"units\": {}} | \"model\" must be a name, or an object with "
                    + "\"name\" and \"hash\"",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"zero\", \"model\": \"m\"} | \"units\" must be an object of hook points and their rows",
            "{\"format\": \"crane/mask@1\", \"intervention\": \"zero\", \"model\": \"m\", \"units\": {}, \"provenance\": {\"a\": {}}} | \"provenance\" "
                    + "must hold text only, under 'a' too"})
    void badFrames(String content, String message) {
        Path file = file(content);
        CraneException e = assertThrows(CraneException.class, () -> MaskFile.read(file));
        assertEquals(file + ": " + message, e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "{\"model.layers.0.mlp.gate\": [1]} | there is no hook point 'model.layers.0.mlp.gate'; hook points are named like "
                    + "model.layers.3.mlp.gate_proj (crane inspect --hooks lists them)",
            "{\"model.layers.0.mlp.gate_proj\": [1, 4, 1]} | row 1 of model.layers.0.mlp.gate_proj is named twice",
            "{\"model.layers.0.mlp.gate_proj\": [1], \"blocks.0.mlp.hook_pre\": [2]} | model.layers.0.mlp.gate_proj is named twice, by different names",
            "{\"model.layers.0.mlp.gate_proj\": 1} | the rows of model.layers.0.mlp.gate_proj must be a list of numbers",
            "{\"model.layers.0.mlp.gate_proj\": [-1]} | the rows of model.layers.0.mlp.gate_proj hold '-1', which is no whole number from 0 up",
            "{\"model.layers.0.mlp.gate_proj\": [1.5]} | the rows of model.layers.0.mlp.gate_proj hold '1.5', which is no whole number from 0 up",
            "{\"model.layers.0.mlp.gate_proj\": [99999999999]} | the rows of model.layers.0.mlp.gate_proj hold '99999999999', which is no whole number "
                    + "from 0 up",
            "{\"model.layers.0.mlp.gate_proj\": [\"1\"]} | the rows of model.layers.0.mlp.gate_proj hold '\"1\"', which is no whole number from 0 up"})
    void badUnits(String units, String message) {
        Path file = file(mask(units));
        CraneException e = assertThrows(CraneException.class, () -> MaskFile.read(file));
        assertEquals(file + ": " + message, e.getMessage());
    }

    @Test
    void brokenFiles() throws IOException {
        Path cut = file(mask("{\"model.layers.0.mlp.gate_proj\": [1, 2").replace("]}", ""));
        assertOneLine(cut, cut + ": is not valid JSON: ");
        Path twice = file("{\"format\": \"crane/mask@1\",\n \"format\": \"crane/mask@1\"}");
        assertOneLine(twice, twice + ": is not valid JSON: Duplicate Object property \"format\" (line 2, column ");
        Path more = file(mask("{}") + " {}");
        assertOneLine(more, more + ": is not valid JSON");
        Path notText = folder.resolve("bytes.json");
        Files.write(notText, new byte[]{'{', '"', (byte) 0xFF, '"'});
        assertOneLine(notText, notText + ": is not valid JSON");
        assertOneLine(folder.resolve("none.json"), "cannot read " + folder.resolve("none.json"));
        assertOneLine(folder, "cannot read " + folder);
        Path deep = file("[".repeat(100_000));
        assertOneLine(deep, deep.toString());
    }

    @Test
    void fitsItsModelOnly() {
        Path file = Path.of("en.mask.json");
        MaskFile mask = new MaskFile(MODEL, MASK, new TreeMap<>());
        mask.check(file, MODEL, SmallModel.SPEC, false);
        // The same files in another folder are the same model; other files in a folder of the same name are not.
        mask.check(file, MaskedModel.of("elsewhere", MODEL.hash(), SmallModel.SPEC), SmallModel.SPEC, false);
        MaskedModel tuned = MaskedModel.of("small", "fedcba9876543210", SmallModel.SPEC);
        CraneException e = assertThrows(CraneException.class, () -> mask.check(file, tuned, SmallModel.SPEC, false));
        assertEquals(
                "en.mask.json was found on small (0123456789ab…), not on small (fedcba987654…): find one on this model, or say that the "
                        + "transfer is meant (--transfer)",
                e.getMessage());
        assertDoesNotThrow(() -> mask.check(file, tuned, SmallModel.SPEC, true));
        MaskedModel wider = new MaskedModel("wide", "", 2, new TreeMap<>(Map.of(Site.MLP_GATE, 8)));
        e = assertThrows(CraneException.class, () -> new MaskFile(wider, MASK, new TreeMap<>()).check(file, MODEL, SmallModel.SPEC, true));
        assertEquals(
                "en.mask.json was found on wide, not on small (0123456789ab…), and their units differ (8 units at mlp.gate, not 6): find a mask "
                        + "on this model",
                e.getMessage());
        // Written by hand with a name alone.
        new MaskFile(new MaskedModel("small", "", 0, new TreeMap<>()), MASK, new TreeMap<>()).check(file, MODEL, SmallModel.SPEC, false);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "model.layers.0.mlp.gate_proj | 6 | row 6 of model.layers.0.mlp.gate_proj is out of range; small (0123456789ab…) has rows 0 to 5 there",
            "model.layers.2.mlp.gate_proj | 0 | there is no model.layers.2.mlp.gate_proj in small (0123456789ab…), which has 2 layers",
            "model.layers.0.attn.probs | 0 | small (0123456789ab…) has no units at model.layers.0.attn.probs that can be masked"})
    void outOfRange(String point, int row, String message) {
        UnitMask mask = UnitMask.of(Map.of(HookPoint.parse(point).orElseThrow(), new int[]{row}));
        CraneException e = assertThrows(CraneException.class,
                () -> new MaskFile(MODEL, mask, new TreeMap<>()).check(Path.of("m.json"), MODEL, SmallModel.SPEC, false));
        assertEquals("m.json: " + message, e.getMessage());
    }

    private static String mask(String units) {
        return "{\"format\": \"crane/mask@1\", \"model\": \"small\", \"intervention\": \"zero\", \"units\": " + units + "}";
    }

    private Path file(String content) {
        try {
            return Files.writeString(Files.createTempFile(folder, "mask", ".json"), content, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void assertOneLine(Path file, String start) {
        String message = assertThrows(CraneException.class, () -> MaskFile.read(file)).getMessage();
        assertTrue(message.startsWith(start), message);
        assertEquals(1, message.lines().count(), message);
    }
}
