package dev.crane.analysis.identify;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** What the reference implementation selects on babel-base by the kurtosis of 64 samples a language. */
class KurtosisGoldenTest {
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");

    @ParameterizedTest
    @ValueSource(strings = {"relevance", "row-gradient"})
    void selectsTheReferencesUnits(String score) throws IOException, URISyntaxException {
        Map<String, double[]> kurtosis = new TreeMap<>();
        UnitLayout layout = null;
        try (SafetensorsReader reader = SafetensorsReader.open(Path.of(getClass().getResource("/babel/scores.safetensors").toURI()))) {
            for (String language : LANGUAGES) {
                Map<HookPoint, double[]> values = new TreeMap<>();
                Map<HookPoint, Integer> widths = new TreeMap<>();
                String prefix = language + ".kurtosis." + score + ".";
                for (String name : reader.names()) {
                    if (name.startsWith(prefix)) {
                        HookPoint point = HookPoint.parse(name.substring(prefix.length())).orElseThrow();
                        values.put(point, reader.doubles(name));
                        widths.put(point, values.get(point).length);
                    }
                }
                layout = new UnitLayout(widths);
                kurtosis.put(language, layout.pool(values));
            }
        }
        assertEquals(6 * (512 + 512 + 192), layout.units());
        Map<String, Selection> selections = KurtosisZ.DEFAULT.select(LANGUAGES, kurtosis, layout);
        JsonNode selected = json("/babel/selected.json");
        JsonNode masks = json("/babel/matrix.json").path("masks");
        for (String language : LANGUAGES) {
            Selection selection = selections.get(language);
            // No unit is nearer to z = 1 than 2.4e-4, so rounding cannot move one across.
            assertEquals(mask(selected.path(score + "." + language)), selection.mask(), language);
            JsonNode facts = masks.path(score + "." + language);
            // Sums of 7,296 values in another order.
            assertEquals(facts.path("kurtosis_mean").doubleValue(), selection.facts().get("kurtosis_mean"), 1e-12);
            assertEquals(facts.path("kurtosis_sd").doubleValue(), selection.facts().get("kurtosis_sd"), 1e-12);
            assertEquals(facts.path("units").path("gate").intValue(), count(selection.mask(), Site.MLP_GATE));
            assertEquals(facts.path("units").path("up").intValue(), count(selection.mask(), Site.MLP_UP));
            assertEquals(facts.path("units").path("down").intValue(), count(selection.mask(), Site.MLP_DOWN));
        }
    }

    private static UnitMask mask(JsonNode units) {
        Map<HookPoint, int[]> rows = new TreeMap<>();
        units.forEachEntry((path, list) -> rows.put(HookPoint.parse(path).orElseThrow(),
                list.valueStream().mapToInt(JsonNode::intValue).toArray()));
        return UnitMask.of(rows);
    }

    private static int count(UnitMask mask, Site site) {
        return mask.counts().entrySet().stream().filter(entry -> entry.getKey().site() == site).mapToInt(Map.Entry::getValue).sum();
    }

    private static JsonNode json(String resource) throws IOException {
        try (InputStream in = KurtosisGoldenTest.class.getResourceAsStream(resource)) {
            return JsonMapper.builder().build().readTree(in);
        }
    }
}
