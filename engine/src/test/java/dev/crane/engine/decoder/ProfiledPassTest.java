package dev.crane.engine.decoder;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.Engine;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OpTimer.Launch;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;
import dev.crane.engine.hook.Site;
import dev.crane.engine.profile.OpLog;
import dev.crane.engine.profile.OpProfile;
import dev.crane.engine.profile.OpRun;
import dev.crane.engine.profile.OpTotal;
import dev.crane.engine.profile.ProfilingBackend;
import dev.crane.engine.profile.Roofline;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** Whole passes under a {@link ProfilingBackend}. */
class ProfiledPassTest {
    static final List<DecoderSpec> SPECS = TinyModel.SPECS;
    private static final PackedBatch BATCH = PackedBatch.of(TinyModel.sequences());

    private static RelevanceRequest relevance(DecoderSpec spec) {
        Set<Site> sites = TinyModel.sites(spec).stream().filter(Site::isLinear)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Site.class)));
        return RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.of(Score.RELEVANCE, Score.ROW_GRADIENT), sites);
    }

    private static void assertSameBits(RelevanceResult expected, RelevanceResult actual) {
        assertArrayEquals(expected.targets(), actual.targets(), 0);
        expected.scores().forEach((score, points) -> points.forEach((point, values) -> {
            for (int b = 0; b < values.size(); b++)
                assertArrayEquals(values.get(b), actual.scores().get(score).get(point).get(b), 0, score + " " + point);
        }));
    }

    @ParameterizedTest
    @FieldSource("SPECS")
    void sameBits(DecoderSpec spec) {
        TinyModel model = new TinyModel(spec, 7);
        try (Backend plain = new CpuBackend(2);
                Engine expected = model.engine(plain);
                Backend profiled = new ProfilingBackend(new CpuBackend(2), log -> {
                });
                Engine actual = model.engine(profiled)) {
            assertSameBits(expected.relevance(BATCH, relevance(spec)), actual.relevance(BATCH, relevance(spec)));
        }
    }

    /** Two operations a weight and token, one an output that has a bias. */
    @Test
    void countsWhatTheModelHas() {
        TinyModel model = new TinyModel();
        DecoderSpec spec = model.spec();
        OpLog[] told = new OpLog[1];
        try (Backend backend = new ProfilingBackend(new CpuBackend(2), log -> told[0] = log); Engine engine = model.engine(backend)) {
            engine.forward(BATCH, ForwardRequest.of(Output.ALL_LOGITS));
        }
        OpProfile profile = new OpProfile(told[0], new Roofline(1e9, 1e9));
        OpTotal linear = profile.ops().stream().filter(op -> op.name().equals("linear")).findFirst().orElseThrow();
        long n = BATCH.tokens();
        long weights = spec.layers() * spec.layerLinearWeights() + (long) spec.vocabulary() * spec.hidden();
        long outputs = 0;
        for (Site site : List.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.ATTN_OUT, Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN))
            outputs += (long) spec.layers() * spec.units(site);
        long least = 2 * n * weights;
        assertTrue(linear.work().flop() >= least && linear.work().flop() <= least + n * (outputs + spec.vocabulary()), linear.toString());
        // every layer does the same; the first one finds no stream that was looked at for infinities
        List<OpTotal> layers = profile.layers();
        assertEquals(spec.layers() + 1, layers.size());
        for (int layer = 0; layer < spec.layers(); layer++)
            assertEquals(layers.get(1).launches(), layers.get(layer).launches() + (layer == 0 ? 1 : 0));
    }

    @ParameterizedTest
    @FieldSource("SPECS")
    void everyOpHasAPlace(DecoderSpec spec) {
        OpLog[] told = new OpLog[1];
        TinyModel model = new TinyModel(spec, 7);
        try (Backend backend = new ProfilingBackend(new CpuBackend(2), log -> told[0] = log); Engine engine = model.engine(backend)) {
            engine.relevance(BATCH, relevance(spec));
        }
        Set<String> labels = Set.of("embedding", "attn", "mlp", "final_norm", "target", "logits");
        for (OpRun run : told[0].runs()) {
            assertTrue(labels.contains(run.site()) || Site.of(run.site()).isPresent(), run.toString());
            assertEquals(run.site().contains(".") || run.site().equals("attn") || run.site().equals("mlp"), run.layer() >= 0,
                    run.toString());
        }
    }

    /** Events there lie on a line of the device's own: each kernel within its op, each op behind the one before. */
    @Test
    @Tag("soft-device")
    void onTheDevice() {
        Device device;
        try {
            device = Device.all().getFirst();
        } catch (CudaException none) {
            abort(none.getMessage());
            return;
        }
        TinyModel model = new TinyModel();
        OpLog[] told = new OpLog[1];
        CudaBackend inner = new CudaBackend(device, new CudaSettings(Precision.BF16));
        CudaBackend plain = new CudaBackend(device, new CudaSettings(Precision.BF16));
        RelevanceRequest request = relevance(model.spec());
        RelevanceResult expected;
        try (plain; Engine engine = model.engine(plain)) {
            expected = engine.relevance(BATCH, request);
        }
        try (Backend backend = new ProfilingBackend(inner, log -> told[0] = log); Engine engine = model.engine(backend)) {
            for (int pass = 0; pass < 4; pass++) // more ops than are timed at once
                assertSameBits(expected, engine.relevance(BATCH, request));
        }
        assertEquals(List.of(), inner.leftOpen());
        double before = 0;
        for (OpRun run : told[0].runs()) {
            double start = run.timing().startMicros();
            double end = start + run.timing().micros();
            assertTrue(start >= before - 5, run + " begins before " + before); // floats of milliseconds: a few microseconds in a second
            for (Launch launch : run.timing().launches())
                assertTrue(launch.startMicros() >= start - 5 && launch.startMicros() + launch.micros() <= end + 5,
                        launch + " outside " + run);
            before = end;
        }
        OpProfile profile = new OpProfile(told[0], new Roofline(1e9, 1e9));
        assertTrue(told[0].runs().size() > 512);
        assertTrue(profile.kernels().stream().anyMatch(kernel -> kernel.name().startsWith("rms_norm")), profile.kernels().toString());
        // bf16 matrices and activations: the products move half of what they would in f32
        OpRun linear = told[0].runs().stream().filter(run -> run.op().equals("linear")).findFirst().orElseThrow();
        long hidden = model.spec().hidden();
        long out = model.spec().units(Site.ATTN_Q);
        assertFalse(linear.work().bytes() > 4 * (hidden * out + BATCH.tokens() * (hidden + out)), linear.toString());
    }
}
