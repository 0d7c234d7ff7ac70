package dev.crane.engine.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * A fixed number of threads that work through numbered tasks together; the calling thread is one of them. Which thread takes which task is left to
 * chance, so results are the same on every run only where each task writes places of its own: a sum over tasks is to be kept per task and added up
 * in task order by the caller.
 *
 * <p>With one thread {@link #run} is a plain loop. A {@code run} inside a task of the same threads is a plain loop too. Callers on several threads
 * take turns.
 */
public final class CpuThreads implements AutoCloseable {
    /**
     * How long a thread looks for what it waits for before it sleeps, the caller for the last tasks of the others, they for the next job: about what
     * waking a thread costs. The ops of a pass follow each other faster, so that its threads stay awake from the first to the last.
     */
    private static final long SPIN_NANOS = 50_000;

    private final ReentrantLock callers = new ReentrantLock();
    private final Object jobs = new Object();
    private final Thread[] workers;
    private volatile Job job;
    private boolean closed;

    /**
     * @param threads how many threads work at once, the caller included
     * @throws IllegalArgumentException when it is less than one
     */
    public CpuThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads);
        }
        workers = new Thread[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Thread(outermostGroup(), this::work, "crane-cpu-" + (i + 1));
            workers[i].setDaemon(true);
            workers[i].start();
        }
    }

    /** Not the caller's group: the JDK's shell waits for all threads that a line of its user has started in that, and these stay. */
    private static ThreadGroup outermostGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }

    /** How many threads work at once, the caller included. */
    public int count() {
        return workers.length + 1;
    }

    /**
     * Calls {@code task} once with each of 0 … tasks − 1 and returns when all calls have ended. What the tasks wrote is visible to the caller.
     *
     * @throws RuntimeException or Error that a task threw first; tasks not begun by then are left out
     */
    public void run(int tasks, IntConsumer task) {
        if (workers.length == 0 || tasks <= 1 || callers.isHeldByCurrentThread() || isWorker()) {
            for (int i = 0; i < tasks; i++) {
                task.accept(i);
            }
            return;
        }
        callers.lock();
        try {
            Job mine = new Job(tasks, task);
            synchronized (jobs) {
                if (closed) {
                    throw new IllegalStateException("threads are closed");
                }
                job = mine;
                jobs.notifyAll();
            }
            mine.takePart();
            mine.await();
            synchronized (jobs) {
                job = null;
            }
            if (mine.failure instanceof Error error) {
                throw error;
            }
            if (mine.failure != null) {
                throw (RuntimeException) mine.failure;
            }
        } finally {
            callers.unlock();
        }
    }

    /** Ends the threads. A {@code run} on another thread ends first. */
    @Override
    public void close() {
        callers.lock();
        try {
            synchronized (jobs) {
                closed = true;
                jobs.notifyAll();
            }
        } finally {
            callers.unlock();
        }
        boolean interrupted = false;
        for (Thread worker : workers) {
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isWorker() {
        Thread current = Thread.currentThread();
        for (Thread worker : workers) {
            if (worker == current) {
                return true;
            }
        }
        return false;
    }

    private void work() {
        Job last = null;
        while (true) {
            Job seen = last;
            spin(() -> isNew(seen));
            synchronized (jobs) {
                while (!closed && (job == null || job == last)) {
                    try {
                        jobs.wait();
                    } catch (InterruptedException e) {
                        // Nobody has the means to interrupt these threads but a debugger; only close() ends them.
                    }
                }
                if (closed) {
                    return;
                }
                last = job;
            }
            last.takePart();
        }
    }

    private boolean isNew(Job seen) {
        Job current = job;
        return current != null && current != seen;
    }

    /** Looks for a while whether what is waited for has happened. */
    private static void spin(BooleanSupplier happened) {
        long start = System.nanoTime();
        while (!happened.getAsBoolean() && System.nanoTime() - start < SPIN_NANOS) {
            Thread.onSpinWait();
        }
    }

    /** One call of {@link CpuThreads#run}. A worker that comes late finds no task left. */
    private static final class Job {
        private final int tasks;
        private final IntConsumer task;
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger ended = new AtomicInteger();
        private volatile Throwable failure;

        Job(int tasks, IntConsumer task) {
            this.tasks = tasks;
            this.task = task;
        }

        void takePart() {
            for (int i = begun.getAndIncrement(); i < tasks; i = begun.getAndIncrement()) {
                if (failure == null) {
                    call(i);
                }
                if (ended.incrementAndGet() == tasks) {
                    synchronized (this) {
                        notifyAll();
                    }
                }
            }
        }

        private void call(int i) {
            try {
                task.accept(i);
            } catch (RuntimeException | Error e) {
                synchronized (this) {
                    if (failure == null) {
                        failure = e;
                    }
                }
            }
        }

        void await() {
            spin(() -> ended.get() == tasks);
            boolean interrupted = false;
            synchronized (this) {
                while (ended.get() < tasks) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
