package dev.crane.engine.backend.cpu;

import org.junit.jupiter.api.Test;

import dev.crane.engine.backend.Tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class BufferPoolTest {
    @Test
    void capacityIsEnoughAndAtMostAQuarterMore() {
        for (int length = 1; length < 100_000; length++) {
            int capacity = BufferPool.capacity(length);
            assertTrue(capacity >= length && (capacity <= 64 || capacity <= length + length / 4.0), length + ": " + capacity);
            assertEquals(capacity, BufferPool.capacity(capacity));
        }
        assertTrue(BufferPool.capacity(Integer.MAX_VALUE - 8) >= Integer.MAX_VALUE - 8);
    }

    @Test
    void usesArraysAgain() {
        BufferPool pool = new BufferPool();
        float[] first = pool.take(1000);
        assertNotSame(first, pool.take(1000));
        pool.give(first);
        assertSame(first, pool.take(990));
    }

    @Test
    void countsWhatIsHeld() {
        BufferPool pool = new BufferPool();
        float[] a = pool.take(128);
        float[] b = pool.take(256);
        assertEquals(4 * 384, pool.heldBytes());
        pool.give(b);
        assertEquals(4 * 128, pool.heldBytes());
        assertEquals(4 * 384, pool.takePeak());
        assertEquals(4 * 128, pool.takePeak());
        pool.give(a);
        assertEquals(0, pool.heldBytes());
    }

    @Test
    void sizesHeldAtDifferentTimesStayWithinAQuarterMore() {
        BufferPool pool = new BufferPool();
        float[] large = pool.take(4096);
        pool.give(large);
        float[] small = pool.take(1024);
        pool.give(small);
        assertSame(large, pool.take(4096));
        pool.give(large);
        assertSame(small, pool.take(1024));
    }

    @Test
    void dropsWhatNobodyWantsAnyMore() {
        BufferPool pool = new BufferPool();
        float[] small = pool.take(64);
        pool.give(small);
        pool.give(pool.take(1 << 16));
        pool.give(pool.take(1 << 17)); // with the one before more than the limit: the small ones go first
        assertNotSame(small, pool.take(64));
    }

    @Test
    void aTensorIsNotUsedAfterItsRelease() {
        try (CpuBackend backend = new CpuBackend(1)) {
            Tensor tensor = backend.upload(new float[]{1, 2, 3}, 1, 3);
            backend.release(tensor);
            assertEquals(0, backend.allocatedBytes());
            assertThrows(IllegalStateException.class, () -> backend.download(tensor));
            assertThrows(IllegalStateException.class, () -> backend.release(tensor));
        }
    }
}
