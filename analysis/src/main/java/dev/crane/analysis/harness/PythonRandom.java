package dev.crane.analysis.harness;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Python's {@code random.Random(seed)}, as far as few-shot examples need it: the Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), seeded with their
 * {@code init_by_array}, and {@code sample}.
 */
final class PythonRandom {
    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int next = N;

    PythonRandom(long seed) {
        long magnitude = Math.abs(seed);
        int[] key = magnitude >>> 32 == 0 ? new int[]{(int) magnitude} : new int[]{(int) magnitude, (int) (magnitude >>> 32)};
        state[0] = 19650218;
        for (int i = 1; i < N; i++)
            state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        int i = 1;
        int j = 0;
        for (int k = Math.max(N, key.length); k > 0; k--) {
            state[i] = (state[i] ^ (state[i - 1] ^ (state[i - 1] >>> 30)) * 1664525) + key[j] + j;
            i = following(i);
            j = (j + 1) % key.length;
        }
        for (int k = N - 1; k > 0; k--) {
            state[i] = (state[i] ^ (state[i - 1] ^ (state[i - 1] >>> 30)) * 1566083941) - i;
            i = following(i);
        }
        state[0] = 0x80000000;
    }

    /** After the last place comes the second; the first then repeats the last. */
    private int following(int i) {
        if (i < N - 1)
            return i + 1;
        state[0] = state[N - 1];
        return 1;
    }

    private int word() {
        if (next == N) {
            for (int i = 0; i < N; i++) {
                int y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
                state[i] = state[(i + M) % N] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
            }
            next = 0;
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    /** Below {@code n}, all equally likely. */
    private int below(int n) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(n);
        int drawn;
        do
            drawn = word() >>> (Integer.SIZE - bits);
        while (Integer.compareUnsigned(drawn, n) >= 0);
        return drawn;
    }

    /** {@code k} different members in the order they are drawn. */
    <T> List<T> sample(List<T> population, int k) {
        int n = population.size();
        if (k < 0 || k > n)
            throw new IllegalArgumentException(k + " of " + n);
        List<T> drawn = new ArrayList<>(k);
        // Python's measure of when a list of what is left is smaller than a set of what is taken.
        double set = 21;
        if (k > 5)
            set += Math.pow(4, Math.ceil(Math.log(k * 3.0) / Math.log(4)));
        if (n <= set) {
            List<T> pool = new ArrayList<>(population);
            for (int i = 0; i < k; i++) {
                int j = below(n - i);
                drawn.add(pool.get(j));
                pool.set(j, pool.get(n - i - 1));
            }
        } else {
            Set<Integer> taken = new HashSet<>();
            while (drawn.size() < k) {
                int j = below(n);
                if (taken.add(j))
                    drawn.add(population.get(j));
            }
        }
        return drawn;
    }
}
