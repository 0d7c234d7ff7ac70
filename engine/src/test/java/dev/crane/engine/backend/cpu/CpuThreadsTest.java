package dev.crane.engine.backend.cpu;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

class CpuThreadsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyTaskRunsOnce(int count) {
        try (CpuThreads threads = new CpuThreads(count)) {
            assertEquals(count, threads.count());
            for (int tasks : new int[]{0, 1, 2, 3, 100}) {
                for (int round = 0; round < 200; round++) {
                    AtomicIntegerArray calls = new AtomicIntegerArray(tasks);
                    threads.run(tasks, calls::incrementAndGet);
                    for (int i = 0; i < tasks; i++) {
                        assertEquals(1, calls.get(i));
                    }
                }
            }
        }
    }

    /** The JDK's shell waits for whatever threads a line leaves in the group it ran in. */
    @Test
    void noThreadStaysInTheCallersGroup() throws InterruptedException {
        ThreadGroup group = new ThreadGroup("caller");
        CpuThreads[] made = new CpuThreads[1];
        Thread caller = new Thread(group, () -> made[0] = new CpuThreads(2));
        caller.start();
        caller.join();
        try (CpuThreads threads = made[0]) {
            assertEquals(2, threads.count());
            assertEquals(0, group.activeCount());
        }
    }

    @Test
    void plainWritesOfTasksAreVisibleToTheCaller() {
        try (CpuThreads threads = new CpuThreads(3)) {
            for (int round = 1; round <= 500; round++) {
                int[] written = new int[16];
                int value = round;
                threads.run(written.length, i -> written[i] = value);
                for (int w : written) {
                    assertEquals(value, w);
                }
            }
        }
    }

    @Test
    void threadsWorkAtTheSameTime() {
        try (CpuThreads threads = new CpuThreads(3)) {
            CountDownLatch all = new CountDownLatch(3);
            // Each task waits for the others: one thread alone would never get through.
            Assertions.assertTimeoutPreemptively(Duration.ofSeconds(30), () -> threads.run(3, i -> {
                all.countDown();
                try {
                    assertEquals(true, all.await(20, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFailureReachesTheCallerAndTheThreadsLiveOn(int count) {
        try (CpuThreads threads = new CpuThreads(count)) {
            IllegalStateException failure = new IllegalStateException("task 7");
            assertSame(failure, assertThrows(IllegalStateException.class, () -> threads.run(20, i -> {
                if (i == 7) {
                    throw failure;
                }
            })));
            StackOverflowError error = new StackOverflowError();
            assertSame(error, assertThrows(StackOverflowError.class, () -> threads.run(20, i -> {
                throw error;
            })));
            AtomicInteger calls = new AtomicInteger();
            threads.run(20, i -> calls.incrementAndGet());
            assertEquals(20, calls.get());
        }
    }

    @Test
    void aRunInsideATaskIsAPlainLoop() {
        try (CpuThreads threads = new CpuThreads(2)) {
            AtomicInteger calls = new AtomicInteger();
            threads.run(6, i -> {
                Thread outer = Thread.currentThread();
                threads.run(5, j -> {
                    assertSame(outer, Thread.currentThread());
                    calls.incrementAndGet();
                });
            });
            assertEquals(30, calls.get());
        }
    }

    @Test
    void callersTakeTurns() throws InterruptedException {
        try (CpuThreads threads = new CpuThreads(2)) {
            AtomicInteger calls = new AtomicInteger();
            Thread[] callers = new Thread[4];
            for (int c = 0; c < callers.length; c++) {
                callers[c] = new Thread(() -> {
                    for (int round = 0; round < 100; round++) {
                        threads.run(7, i -> calls.incrementAndGet());
                    }
                });
                callers[c].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertEquals(4 * 100 * 7, calls.get());
        }
    }

    @Test
    void closedThreadsAndSenselessCountsAreRefused() {
        CpuThreads threads = new CpuThreads(2);
        threads.close();
        threads.close();
        assertThrows(IllegalStateException.class, () -> threads.run(2, i -> {
        }));
        assertThrows(IllegalArgumentException.class, () -> new CpuThreads(0));
    }
}
