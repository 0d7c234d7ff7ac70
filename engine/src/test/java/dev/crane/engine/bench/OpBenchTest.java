package dev.crane.engine.bench;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.relevance.Rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

class OpBenchTest {
    private static final LayerShape SMALL = LayerShape.parse("hidden=24,intermediate=40,heads=4,kv-heads=2,head-dim=6,vocabulary=50");
    /** Of the interface, what computes nothing. */
    private static final Set<String> NO_OPS = Set.of("name", "description", "weight", "allocate", "allocateF32", "release", "upload",
            "download",
            "downloadLater", "allocatedBytes", "reshape", "takePeakBytes", "activationBytes", "explained", "close", "timer", "enter",
            "firstNonFiniteLater");

    @Test
    void hasEveryOp() {
        Set<String> ops = Arrays.stream(Backend.class.getMethods()).filter(method -> !Modifier.isStatic(method.getModifiers()))
                .map(Method::getName)
                .filter(name -> !NO_OPS.contains(name)).collect(Collectors.toCollection(TreeSet::new));
        if (Rule.BUILT_IN.stream().noneMatch(Rule::linearChanges))
            ops.remove("linearRule");
        List<OpVariant> variants = LayerOps.of(SMALL);
        assertEquals(ops, variants.stream().map(OpVariant::op).collect(Collectors.toCollection(TreeSet::new)));
        assertEquals(variants.size(), variants.stream().map(OpVariant::toString).distinct().count());
    }

    @Test
    void comparesAndTimes() {
        try (OpBench bench = new OpBench(new CpuBackend(2), SMALL, 2, 5, true)) {
            for (OpVariant variant : LayerOps.of(SMALL)) {
                OpBench.Comparison comparison = bench.compare(variant);
                assertTrue(comparison.passes(), variant + ": " + comparison.error());
                OpBench.Times times = bench.time(variant, 0, 3);
                assertEquals(3, times.micros().length);
                assertTrue(times.quantile(0) <= times.quantile(0.5) && times.quantile(0.5) <= times.quantile(1), variant.toString());
                assertTrue(times.work().bytes() > 0, variant.toString());
            }
        }
    }

    /** A backend whose norm has lost the last column: one of 24 values is wrong. */
    @Test
    void findsWhatIsWrong() {
        ReferenceBackend inner = new ReferenceBackend();
        Backend wrong = (Backend) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[]{Backend.class},
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(inner, arguments);
                        if (method.getName().equals("rmsNorm")) {
                            Tensor y = (Tensor) arguments[5];
                            ((dev.crane.engine.backend.host.HostTensor) y).data()[23] = 0;
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        try (OpBench bench = new OpBench(wrong, SMALL, 1, 1, false)) {
            for (OpVariant variant : LayerOps.of(SMALL))
                if (variant.op().equals("rmsNorm") || variant.op().equals("layerNorm"))
                    assertEquals(variant.op().equals("layerNorm"), bench.compare(variant).passes(), variant.toString());
        }
    }

    @Test
    void shapesOfUsers() {
        assertEquals("llama-2-7b", LayerShape.parse("llama-2-7b").toString());
        assertEquals(SMALL, LayerShape.parse(SMALL.toString()));
        assertTrue(failure("llama").startsWith("unknown shape 'llama'; give one of babel-base, "));
        assertTrue(failure("hidden=24,width=3").contains("'width=3' is not one of its sizes"));
        assertTrue(failure("hidden=0").contains("'hidden=0' is not"));
        assertTrue(failure("hidden=24,heads=2").contains("intermediate, kv-heads, head-dim, vocabulary are missing"));
        assertTrue(failure(SMALL.toString().replace("kv-heads=2", "kv-heads=3")).contains("multiple of kv-heads"));
    }

    private static String failure(String shape) {
        String message = assertThrows(CraneException.class, () -> LayerShape.parse(shape)).getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

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
        for (Precision precision : Precision.values()) {
            CudaBackend backend = new CudaBackend(device, new CudaSettings(precision));
            try (OpBench bench = new OpBench(backend, SMALL, 2, 5, false)) {
                for (OpVariant variant : LayerOps.of(SMALL)) {
                    OpBench.Comparison comparison = bench.compare(variant);
                    assertTrue(comparison.passes(), precision + " " + variant + ": " + comparison.error());
                }
                OpVariant norm = LayerOps.of(SMALL).stream().filter(variant -> variant.op().equals("rmsNorm")).findFirst().orElseThrow();
                OpBench.Times times = bench.time(norm, 0, 3);
                assertFalse(times.kernels().isEmpty());
                assertTrue(times.kernels().getFirst().startsWith("rms_norm"), times.kernels().toString());
            }
            assertEquals(List.of(), backend.leftOpen());
        }
    }
}
