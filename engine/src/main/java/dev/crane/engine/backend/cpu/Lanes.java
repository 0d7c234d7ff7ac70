package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width in use, and sums over a row whose order does not depend on it: value i goes to partial sum i mod 16, the sixteen partial sums are
 * added pairwise, and every {@value #CHUNK} values the result goes to an f64 total. So all machines get the same bits, and the rounding error of a
 * long row stays that of {@value #CHUNK} / 16 additions.
 */
final class Lanes {
    /** The preferred species, 4 to 16 lanes wide. */
    static final VectorSpecies<Float> F = switch (FloatVector.SPECIES_PREFERRED.length()) {
        case 4, 8, 16 -> FloatVector.SPECIES_PREFERRED;
        case 1, 2 -> FloatVector.SPECIES_128;
        default -> FloatVector.SPECIES_512;
    };
    /** Values in a vector. */
    static final int L = F.length();
    /** Number of partial sums. */
    static final int PARTIAL = 16;
    /** Values between additions to the f64 total. */
    static final int CHUNK = 1024;

    private Lanes() {
    }

    /** Mask of the first {@code n} lanes. */
    static VectorMask<Float> first(int n) {
        return F.indexInRange(0, n);
    }

    /** Σ a[at + i]² for i &lt; n. */
    static double squares(float[] a, int at, int n) {
        return dot(a, at, a, at, n);
    }

    /** Σ a[aAt + i] · b[bAt + i] for i &lt; n. */
    static double dot(float[] a, int aAt, float[] b, int bAt, int n) {
        double total = 0;
        for (int chunk = 0; chunk < n; chunk += CHUNK)
            total += dotChunk(a, aAt + chunk, b, bAt + chunk, Math.min(CHUNK, n - chunk));
        return total;
    }

    private static float dotChunk(float[] a, int aAt, float[] b, int bAt, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - PARTIAL; i += PARTIAL) {
            s0 = FloatVector.fromArray(F, a, aAt + i).fma(FloatVector.fromArray(F, b, bAt + i), s0);
            if (L < 16)
                s1 = FloatVector.fromArray(F, a, aAt + i + L).fma(FloatVector.fromArray(F, b, bAt + i + L), s1);
            if (L < 8) {
                s2 = FloatVector.fromArray(F, a, aAt + i + 2 * L).fma(FloatVector.fromArray(F, b, bAt + i + 2 * L), s2);
                s3 = FloatVector.fromArray(F, a, aAt + i + 3 * L).fma(FloatVector.fromArray(F, b, bAt + i + 3 * L), s3);
            }
        }
        float[] partial = new float[PARTIAL]; // stored here: vectors handed to a method that is not inlined become objects
        s0.intoArray(partial, 0);
        if (L < 16)
            s1.intoArray(partial, L);
        if (L < 8) {
            s2.intoArray(partial, 2 * L);
            s3.intoArray(partial, 3 * L);
        }
        for (int j = 0; i < n; i++, j++)
            partial[j] = Math.fma(a[aAt + i], b[bAt + i], partial[j]);
        return pairwise(partial);
    }

    /**
     * Σ a[at + i] for from ≤ i &lt; to, the chunks counted from i = 0: leaving out zeros in front (in sixteens) changes no bit.
     *
     * @param from a multiple of 16
     */
    static double sum(float[] a, int at, int from, int to) {
        double total = 0;
        for (int chunk = from; chunk < to;) {
            int end = Math.min(to, (chunk / CHUNK + 1) * CHUNK);
            total += sumChunk(a, at + chunk, end - chunk);
            chunk = end;
        }
        return total;
    }

    private static float sumChunk(float[] a, int at, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - PARTIAL; i += PARTIAL) {
            s0 = s0.add(FloatVector.fromArray(F, a, at + i));
            if (L < 16)
                s1 = s1.add(FloatVector.fromArray(F, a, at + i + L));
            if (L < 8) {
                s2 = s2.add(FloatVector.fromArray(F, a, at + i + 2 * L));
                s3 = s3.add(FloatVector.fromArray(F, a, at + i + 3 * L));
            }
        }
        float[] partial = new float[PARTIAL]; // stored here: vectors handed to a method that is not inlined become objects
        s0.intoArray(partial, 0);
        if (L < 16)
            s1.intoArray(partial, L);
        if (L < 8) {
            s2.intoArray(partial, 2 * L);
            s3.intoArray(partial, 3 * L);
        }
        for (int j = 0; i < n; i++, j++)
            partial[j] += a[at + i];
        return pairwise(partial);
    }

    /** The sum of the partial sums: of those eight apart, then four, two and one. */
    static float pairwise(float[] p) {
        float even = p[0] + p[8] + (p[4] + p[12]) + (p[2] + p[10] + (p[6] + p[14]));
        float odd = p[1] + p[9] + (p[5] + p[13]) + (p[3] + p[11] + (p[7] + p[15]));
        return even + odd;
    }
}
