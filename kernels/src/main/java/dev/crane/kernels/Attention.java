package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code attention.cu}: causal attention over a packed batch, fused. */
public final class Attention {
    private final Instances kernels;
    private final AttentionGeometry.Argument argument = new AttentionGeometry.Argument();

    /** Loads nothing yet. */
    public Attention(KernelLibrary library) {
        kernels = new Instances(library, "attention", POINTER, POINTER, POINTER, AttentionGeometry.PARAMETER, POINTER, POINTER, POINTER,
                POINTER, POINTER);
    }

    /**
     * The sizes of a block, as the kernel's template arguments have them.
     *
     * @param queries of a block
     * @param threads of a block
     * @param sharedBytes dynamic shared memory
     */
    private record Tile(int queries, int threads, int sharedBytes) {
        /** f32: q, one of k and v, probabilities; rows padded by 4. */
        static Tile f32(int dim, int queries, int keys) {
            return new Tile(queries, 256, 4 * ((queries + keys) * (dim + 4) + queries * (keys + 4)));
        }

        /** bf16: q, k, v. */
        static Tile bf16(int dim, int queries, int keys) {
            return new Tile(queries, 128, 2 * dim * (queries + 2 * keys));
        }

        static Tile of(ElementType type, int dim) {
            boolean wide = dim == 256;
            return type == ElementType.F32 ? f32(dim, wide ? 32 : 64, wide ? 32 : 64) : bf16(dim, wide ? 64 : 128, wide ? 32 : 64);
        }
    }

    /**
     * @param q [N, heads·headDim] f32 or bf16
     * @param k [keys, kvHeads·headDim] of q's type
     * @param v of k's shape and type
     * @param offsets address of [sequences + 1] ints: first query row of each sequence, and N
     * @param keyStarts address of [sequences] ints: first key row of each sequence; 0: where its queries are
     * @param keyLengths address of [sequences] ints: its number of keys; 0: of its queries
     * @param sequences their number
     * @param longest the largest number of queries of a sequence
     * @param out of q's shape and type
     * @param logSumExp address of [N, heads] f32
     */
    public void launch(Stream stream, Matrix q, Matrix k, Matrix v, AttentionGeometry geometry, long offsets, long keyStarts,
            long keyLengths,
            int sequences, int longest, Matrix out, long logSumExp) {
        geometry.check(q, k, v);
        out.of("out", q.type()).like("out", q);
        int dim = geometry.paddedHeadDim();
        Tile tile = Tile.of(q.type(), dim);
        argument.give(kernels.named(Instances.name("attention", q.type()) + "_d" + dim).pointer(q.address()).pointer(k.address())
                .pointer(v.address()), geometry).pointer(offsets).pointer(keyStarts).pointer(keyLengths).pointer(out.address())
                .pointer(logSumExp)
                .launch(stream, Instances.blocks(longest, tile.queries), geometry.heads(), sequences, tile.threads, tile.sharedBytes);
    }
}
