package dev.crane.engine.backend.cpu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Arrays used again and again, so that a pass makes no garbage and no array is cleared needlessly. Sizes are rounded up to four steps per power of two,
 * so that batches of similar sizes share arrays. Held and free arrays together never occupy more than {@link #limit}: the most that was ever held at once
 * and a quarter more, since a pass holds its most of each size at different times. (Without it every pass of babel-base dropped and allocated
 * 12 MB of its 77; all its sizes together are 83.) Safe for use by several threads.
 */
final class BufferPool {
    /**
     * An array may be this many times as large as what is asked for, so that batches of ever different sizes find arrays too. After 100 batches of 500 to
     * 3,000 tokens of babel-base the process had 5.8 GB with arrays of the exact size only, 3.7 with 1.25, 0.8 with 2, where what is held is up to 1.4
     * times as much.
     */
    private static final int LARGER = 2;

    private final NavigableMap<Integer, Deque<float[]>> free = new TreeMap<>();
    private long freeBytes;
    private long heldBytes;
    private long peak;
    private long highest;

    /** Length of the array given for {@code length} values. */
    static int capacity(int length) {
        if (length <= 64)
            return 64;
        int step = Integer.highestOneBit(length - 1) / 4;
        return (int) Math.min(Integer.MAX_VALUE - 8, ((long) length + step - 1) / step * step);
    }

    /** An array of at least {@code length} values, whatever they are. */
    float[] take(int length) {
        int capacity = capacity(length);
        synchronized (this) {
            float[] array = reuse(capacity);
            hold(array == null ? capacity : array.length);
            if (array != null)
                return array;
            trim();
        }
        return new float[capacity];
    }

    /** The smallest free array that is large enough and at most {@value #LARGER} times as large, or null. */
    private float[] reuse(int capacity) {
        for (Deque<float[]> arrays : free.subMap(capacity, true, (int) Math.min(Integer.MAX_VALUE, (long) LARGER * capacity), true)
                .values())
            if (!arrays.isEmpty()) {
                float[] array = arrays.pop();
                freeBytes -= (long) array.length * Float.BYTES;
                return array;
            }
        return null;
    }

    private void hold(int capacity) {
        heldBytes += (long) capacity * Float.BYTES;
        peak = Math.max(peak, heldBytes);
        highest = Math.max(highest, heldBytes);
    }

    /** Takes an array back that {@link #take} gave. */
    synchronized void give(float[] array) {
        long bytes = (long) array.length * Float.BYTES;
        heldBytes -= bytes;
        freeBytes += bytes;
        free.computeIfAbsent(array.length, length -> new ArrayDeque<>()).push(array);
    }

    /** Drops free arrays, the small ones first, until no more is occupied than the limit. */
    private void trim() {
        for (Deque<float[]> arrays : free.values())
            for (Iterator<float[]> i = arrays.descendingIterator(); heldBytes + freeBytes > limit() && i.hasNext(); i.remove())
                freeBytes -= (long) i.next().length * Float.BYTES;
    }

    /** Bytes that held and free arrays may occupy together. */
    private long limit() {
        return highest + highest / 4;
    }

    synchronized long heldBytes() {
        return heldBytes;
    }

    synchronized long takePeak() {
        long taken = peak;
        peak = heldBytes;
        return taken;
    }

    synchronized void clear() {
        free.clear();
        freeBytes = 0;
    }
}
