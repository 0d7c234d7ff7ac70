package dev.crane.models.golden;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.hook.Site;
import dev.crane.models.hooks.Change;
import dev.crane.models.hooks.FloatArray;
import dev.crane.models.hooks.Model;
import dev.crane.models.hooks.NamedArrays;
import dev.crane.models.hooks.PromptPair;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Captures, patching and steering against the same done with hooks in plain PyTorch, at every site of a layer of every family ({@code hooks/README.md}). */
class HooksGoldenTest {
    /** Values differ by the order of f32 sums alone, as logits do: a unit in the last place is 1.2e-7, and some hundred are summed. */
    private static final double VALUES = 1e-5;
    /** A difference of two logits of about 3 each, as near as logits are. */
    private static final float MEASURE = 5e-5f;
    /** Gradients lie behind twice as many layers, and the difference of two runs' values cancels a digit where the runs are alike. */
    private static final double ATTRIBUTION = 1e-4;

    static Stream<Arguments> families() {
        return FamilyGoldenTest.FAMILIES.stream().map(family -> Arguments.of(family, "cpu"));
    }

    static Stream<Arguments> familiesAndBackends() {
        return FamilyGoldenTest.FAMILIES.stream()
                .flatMap(family -> Stream.of("reference", "cpu").map(backend -> Arguments.of(family, backend)));
    }

    private static Model model(String family, String backend) {
        return Model.open(FamilyGoldenTest.folder(family), Backends.create(backend, 2), EngineOptions.DEFAULT);
    }

    private static SafetensorsReader golden(String family) {
        return SafetensorsReader.open(Path.of("src/test/resources/hooks", family + ".safetensors"));
    }

    private static int[] ids(SafetensorsReader golden, String name) {
        return Arrays.stream(golden.longs(name)).mapToInt(Math::toIntExact).toArray();
    }

    /** The labels with the values of a kind; all that the model has, but for projections that its files hold in one matrix. */
    private static List<String> labels(SafetensorsReader golden, String kind) {
        return golden.names().stream().filter(name -> name.startsWith(kind)).map(name -> name.substring(kind.length())).toList();
    }

    private static String point(String label) {
        return label.equals("logits") ? label : label + ".1";
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("familiesAndBackends")
    void values(String family, String backend) {
        try (Model model = model(family, backend); SafetensorsReader golden = golden(family)) {
            List<String> labels = labels(golden, "value.");
            Set<Site> present = new TreeSet<>();
            for (Site site : Site.values())
                if (site == Site.ATTN_PROBS || model.model().spec().units(site) > 0)
                    present.add(site);
            present.remove(Site.ATTN_HEAD); // values of attn.z together; nothing is captured there
            for (Site fused : List.of(Site.ATTN_QKV, Site.MLP_GATE_UP))
                if (present.contains(fused))
                    present.removeAll(FusedRows.parts(fused));
            assertEquals(present, new TreeSet<>(labels.stream().map(label -> Site.of(label).orElseThrow()).toList()),
                    "every site is compared");
            NamedArrays captured = model.on(ids(golden, "ids.clean"))
                    .capture(labels.stream().map(HooksGoldenTest::point).toArray(String[]::new))
                    .run().of(0);
            for (String label : labels) {
                FloatArray values = captured.get(point(label));
                Closeness.assertNear(golden.floats("value." + label), values.toArray(), VALUES, label);
                assertEquals(label.equals("attn.probs") ? 3 : 2, values.shape().length);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void patching(String family, String backend) {
        try (Model model = model(family, backend); SafetensorsReader golden = golden(family)) {
            int[] measured = ids(golden, "measure");
            PromptPair pair = model.pair(ids(golden, "ids.clean"), ids(golden, "ids.corrupted")).measure(measured[0], measured[1]);
            assertEquals(golden.floats("clean")[0], pair.clean(), MEASURE);
            assertEquals(golden.floats("corrupted")[0], pair.corrupted(), MEASURE);
            String[] points = labels(golden, "patched.").stream().map(HooksGoldenTest::point).toArray(String[]::new);
            NamedArrays patched = pair.patch(points);
            NamedArrays attributed = pair.attribute(points);
            for (String label : labels(golden, "patched.")) {
                String name = model.sites(point(label)).getFirst();
                assertArrayEquals(golden.floats("patched." + label), patched.get(name + ".patched").toArray(), MEASURE, label);
                Closeness.assertNear(golden.floats("attribution." + label), attributed.get(name + ".attribution").toArray(), ATTRIBUTION,
                        label);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void steering(String family, String backend) {
        try (Model model = model(family, backend);
                SafetensorsReader golden = golden(family);
                SafetensorsReader texts = SafetensorsReader.open(FamilyGoldenTest.folder(family).resolve("golden.safetensors"))) {
            List<int[]> sequences = FamilyGoldenTest.sequences(texts);
            FloatArray direction = model.meanOf("resid.post.1", List.of(sequences.get(0), sequences.get(3)))
                    .minus(model.meanOf("resid.post.1", List.of(sequences.get(1))));
            Closeness.assertNear(golden.floats("direction"), direction.toArray(), VALUES, "direction");
            Change steer = Change.add("resid.post.1", direction, 4);
            int[] clean = ids(golden, "ids.clean");
            Closeness.assertNear(golden.floats("steered.logits"), model.on(clean).logits().change(steer).run().get("logits").toArray(),
                    VALUES, "logits");
            // The least lead of a token over the next is 1.7e-3, some hundred times what logits differ by.
            assertArrayEquals(ids(golden, "steered.ids"), model.generate(Arrays.copyOf(clean, 5), 8, steer));
        }
    }

    /** Everything that one run can be asked for at once, under many changes in one batch: each alone, bit for bit. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void manyChangesInOneBatch(String family, String backend) {
        try (Model model = model(family, backend); SafetensorsReader golden = golden(family)) {
            int[] clean = ids(golden, "ids.clean");
            int[] other = Arrays.copyOf(ids(golden, "ids.corrupted"), 6);
            FloatArray values = model.on(clean).capture("resid.pre.1").run().get("resid.pre.1");
            List<List<Change>> sets = new ArrayList<>(List.of(List.of(), List.of(Change.zero("mlp.neuron.1", 3, 17)),
                    List.of(Change.set("resid.pre.1", values).at(4).units(0, 5, 9)), List.of(Change.scale("mlp.neuron", 2).at(-1)),
                    List.of(Change.add("resid.pre.1", values, 0.5f).at(2, 3), Change.clamp("mlp.down.2", -0.1f, 0.1f, 1, 2))));
            var together = model.on(clean, other).logits().capture("mlp.neuron").gradient("mlp.down").relevance("mlp.neuron")
                    .underEach(sets).run();
            assertEquals(10, together.size());
            for (int i = 0; i < 10; i++) {
                var alone = model.on(i < 5 ? clean : other).logits().capture("mlp.neuron").gradient("mlp.down").relevance("mlp.neuron")
                        .change(sets.get(i % 5).toArray(Change[]::new)).run().of(0);
                assertEquals(alone.names(), together.of(i).names());
                for (FloatArray array : alone)
                    assertArrayEquals(array.toArray(), together.of(i).get(array.name()).toArray(), sets.get(i % 5) + " " + array.name());
            }
        }
    }
}
