package dev.crane.engine.decoder;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import dev.crane.bindings.NativeLibrary;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OutOfDeviceMemoryException;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The CUDA backend when memory is short, and that it leaves nothing behind. */
@Tag("soft-device")
class CudaBackendTest {
    private static final RelevanceRequest RELEVANCE = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.of(Score.RELEVANCE),
            EnumSet.of(Site.MLP_UP, Site.MLP_DOWN));

    private Device device;

    @BeforeEach
    void find() {
        try {
            device = Device.all().getFirst();
        } catch (CudaException none) {
            abort(none.getMessage());
        }
    }

    @AfterEach
    void allMemoryAgain() {
        if (NativeLibrary.CUDA.supports("crane_soft_device_set"))
            deviceMemory(4L << 30);
    }

    /** Makes the software device as small as this. */
    private static void deviceMemory(long bytes) {
        assumeTrue(NativeLibrary.CUDA.supports("crane_soft_device_set"), "only the software device can be made smaller");
        try (Arena arena = Arena.ofConfined()) {
            Object known = Linker.nativeLinker()
                    .downcallHandle(NativeLibrary.CUDA.symbols().find("crane_soft_device_set").orElseThrow(),
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG))
                    .invokeWithArguments(arena.allocateFrom("memory"), bytes);
            assertEquals(1, known);
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    private static PackedBatch batch() {
        return PackedBatch.of(TinyModel.sequences());
    }

    private static RelevanceResult expected() {
        try (Backend reference = new ReferenceBackend(); Engine engine = new TinyModel().engine(reference)) {
            return engine.relevance(batch(), RELEVANCE);
        }
    }

    private static void assertAgrees(RelevanceResult expected, RelevanceResult actual) {
        assertArrayEquals(expected.targets(), actual.targets(), 1e-5f);
        expected.scores().get(Score.RELEVANCE).forEach((point, values) -> {
            for (int b = 0; b < values.size(); b++)
                assertArrayEquals(values.get(b), actual.scores().get(Score.RELEVANCE).get(point).get(b), 1e-5f, point.path());
        });
        expected.gradients().forEach((point, values) -> {
            for (int b = 0; b < values.size(); b++)
                assertArrayEquals(values.get(b), actual.gradients().get(point).get(b), 1e-5f, point.path());
        });
    }

    @Test
    void leavesNothingBehind() {
        CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
        Engine engine = new TinyModel().engine(backend);
        assertAgrees(expected(), engine.relevance(batch(), RELEVANCE));
        engine.forward(batch(), ForwardRequest.of(Output.ALL_LOGITS));
        engine.close();
        assertEquals(0, backend.allocatedBytes());
        backend.close();
        assertEquals(List.of(), backend.leftOpen());
    }

    /** Changes at positions, and gradients whole: tables by row go to the kernels as those by sequence do. */
    @Test
    void positionsAndGradients() {
        HookPoint neuron = new HookPoint(Site.MLP_NEURON, 1);
        HookPoint stream = new HookPoint(Site.RESID_PRE, 2);
        List<InterventionSet> sets = List.of(
                new InterventionSet("zeroes",
                        List.of(new Intervention.At(new Intervention.Zero(neuron, new int[]{1, 5}), new int[]{2, 3}))),
                new InterventionSet("values", List.of(new Intervention.Scale(stream, new int[]{0}, 2),
                        new Intervention.At(new Intervention.Add(stream, new int[]{3, 4}, new float[]{1, -1}), new int[]{0}),
                        new Intervention.At(new Intervention.Constant(stream, new int[]{3}, new float[]{0.5f}), new int[]{3}))));
        RelevanceRequest request = new RelevanceRequest(Rule.GRADIENT, new Target.LastLogit(), EnumSet.of(Score.RELEVANCE),
                EnumSet.of(Site.MLP_UP), Set.of(neuron, stream, new HookPoint(Site.MLP_ACT, 0)), false, sets, new int[]{0, -1, 1, 1});
        try (Backend reference = new ReferenceBackend();
                Engine expected = new TinyModel().engine(reference);
                CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
                Engine actual = new TinyModel().engine(backend)) {
            assertAgrees(expected.relevance(batch(), request), actual.relevance(batch(), request));
        }
    }

    /** Scores in bf16: every tensor between the products is rounded to 8 bits, 2⁻⁹ of each value, at some ten places of each of three layers and back. */
    @Test
    void bf16IsNearF32() {
        RelevanceResult expected = expected();
        try (CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.BF16));
                Engine engine = new TinyModel().engine(backend)) {
            assertEquals("cuda-bf16", backend.name());
            RelevanceResult actual = engine.relevance(batch(), RELEVANCE);
            expected.scores().get(Score.RELEVANCE).forEach((point, values) -> {
                double difference = 0;
                double size = 0;
                for (int b = 0; b < values.size(); b++)
                    for (int i = 0; i < values.get(b).length; i++) {
                        float own = actual.scores().get(Score.RELEVANCE).get(point).get(b)[i];
                        difference += Math.pow(own - values.get(b)[i], 2);
                        size += Math.pow(values.get(b)[i], 2);
                    }
                assertTrue(Math.sqrt(difference / size) < 3e-2, point.path() + ": " + Math.sqrt(difference / size));
            });
        }
    }

    @Test
    void aTensorThatIsNotGivenBackIsNamed() {
        CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
        backend.fill(backend.allocate(3, 5), 1);
        assertEquals(60, backend.allocatedBytes());
        backend.close();
        assertEquals(List.of("device buffer of 60 bytes"), backend.leftOpen());
    }

    @Test
    void weightsThatDoNotFitAreStreamed() {
        // The matrices of the tiny model take 33 KB; three quarters of 36 KB may stay, and an eighth of that holds two of the others.
        try (CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32, 36 << 10));
                Engine engine = new TinyModel().engine(backend)) {
            assertTrue(backend.streamedWeightBytes() > 0, "nothing is streamed");
            for (int pass = 0; pass < 2; pass++)
                assertAgrees(expected(), engine.relevance(batch(), RELEVANCE));
        }
    }

    @Test
    void aBatchThatIsTooLargeIsRunInParts() {
        long needed;
        try (CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
                Engine engine = new TinyModel().engine(backend)) {
            engine.relevance(batch(), RELEVANCE);
            needed = backend.takePeakBytes();
        }
        deviceMemory(4L << 30);
        try (CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
                Engine engine = new TinyModel().engine(backend, new EngineOptions(1L << 30))) {
            deviceMemory(device.memory() - backend.freeMemory() + needed * 3 / 4);
            assertAgrees(expected(), engine.relevance(batch(), RELEVANCE));
            assertTrue(engine.plan().activationBytes() < 1L << 30, "the plan was not made smaller");
        }
    }

    @Test
    void whatCannotBeMadeSmallerIsToldInOneLine() {
        deviceMemory(4L << 30);
        try (CudaBackend backend = new CudaBackend(device, new CudaSettings(Precision.F32));
                Engine engine = new TinyModel().engine(backend, new EngineOptions(1L << 30))) {
            deviceMemory(device.memory() - backend.freeMemory() + 1024);
            OutOfDeviceMemoryException e = assertThrows(OutOfDeviceMemoryException.class, () -> engine.relevance(batch(), RELEVANCE));
            assertTrue(e.getMessage().contains("out of memory on") && e.getMessage().contains("--token-budget"), e.getMessage());
            assertEquals(1, e.getMessage().lines().count());
        }
    }
}
