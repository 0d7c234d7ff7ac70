package dev.crane.engine.backend.cpu;

import java.util.function.IntConsumer;

/** Runs tasks that write to different places, in any order and on any threads. */
interface TaskPool {
    /** Values that a task of an elementwise op handles: enough to be worth handing out, few enough for all threads to get some. */
    int GRAIN = 1 << 14;

    /** Runs {@code task} once for each number from 0 to {@code count} (exclusive) and returns when all are done. */
    void run(int count, IntConsumer task);

    /** Runs {@code task} on ranges that together are the rows 0 to {@code rows}; the ranges depend on nothing but the size. */
    default void rows(int rows, int columns, Range task) {
        int block = Math.max(1, GRAIN / Math.max(1, columns));
        int count = (rows + block - 1) / block;
        if (count == 1)
            task.accept(0, rows);
        else
            run(count, i -> task.accept(i * block, Math.min(rows, (i + 1) * block)));
    }

    /** What is done to a range of rows. */
    interface Range {
        /** Rows from {@code from} (inclusive) to {@code to} (exclusive). */
        void accept(int from, int to);
    }
}
