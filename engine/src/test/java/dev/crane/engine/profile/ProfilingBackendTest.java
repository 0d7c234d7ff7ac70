package dev.crane.engine.profile;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

import org.junit.jupiter.api.Test;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OpTimer;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.reference.ReferenceBackend;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ProfilingBackendTest {
    /** A method that the interface implements would silently bypass the backend's own. */
    @Test
    void handsOnEveryMethod() {
        for (Method method : Backend.class.getMethods())
            if (!Modifier.isStatic(method.getModifiers()))
                assertDoesNotThrow(() -> ProfilingBackend.class.getDeclaredMethod(method.getName(), method.getParameterTypes()),
                        method.toString());
    }

    @Test
    void addsUpByOpSiteAndLayer() {
        OpLog[] told = new OpLog[1];
        try (ProfilingBackend backend = new ProfilingBackend(new ReferenceBackend(), log -> told[0] = log)) {
            Tensor x = backend.allocate(3, 5);
            backend.enter("mlp", 1);
            backend.fill(x, 1);
            backend.fill(x, 2);
            backend.enter("attn", 0);
            backend.fill(x, 3);
            backend.add(x, x);
            backend.enter("logits", -1);
            assertEquals(15, backend.download(x).length);
        }
        OpProfile profile = new OpProfile(told[0], new Roofline(1e9, 1e9));
        assertEquals(5, profile.all().launches());
        OpTotal fill = profile.ops().stream().filter(op -> op.name().equals("fill")).findFirst().orElseThrow();
        assertEquals(3, fill.launches());
        assertEquals(new Work(180, 0), fill.work());
        assertEquals(0.18, fill.least(), 1e-12);
        OpTotal attn = profile.sites().stream().filter(op -> op.name().equals("attn")).findFirst().orElseThrow();
        assertEquals(new Work(60 + 180, 15), attn.work());
        assertEquals(java.util.List.of("0", "1", "-1"), profile.layers().stream().map(OpTotal::name).toList());
        assertEquals(5, profile.log().runs().size());
        assertTrue(profile.all().micros() <= profile.log().spanMicros());
    }

    /** An op that throws is no run; the next one is timed from its own begin. */
    @Test
    void failuresAreNotCounted() {
        try (ProfilingBackend backend = new ProfilingBackend(new ReferenceBackend(), log -> {
        })) {
            Tensor x = backend.allocate(3, 5);
            assertThrows(IllegalArgumentException.class, () -> backend.add(x, backend.allocate(2, 5)));
            backend.fill(x, 0);
            assertEquals(1, backend.log().runs().size());
        }
    }

    @Test
    void measuresAnyBackend() {
        try (Backend backend = new ReferenceBackend(); OpTimer timer = backend.timer()) {
            assertDoesNotThrow(timer::settle);
            Roofline roofline = Roofline.measure(backend, 0.05);
            // A scalar loop on any processor of the last twenty years, and none that will be in the next.
            assertTrue(roofline.flops() > 1e6 && roofline.flops() < 1e12, roofline.toString());
            assertTrue(roofline.bytesPerSecond() > 1e7 && roofline.bytesPerSecond() < 1e13, roofline.toString());
        }
    }
}
