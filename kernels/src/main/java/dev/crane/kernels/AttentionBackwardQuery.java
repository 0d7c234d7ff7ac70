package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code attention_backward_query.cu}: the gradient of attention's queries under a rule; not for rules that have none. */
public final class AttentionBackwardQuery {
    private final Instances kernels;
    private final AttentionGeometry.Argument argument = new AttentionGeometry.Argument();

    /** Loads nothing yet. */
    public AttentionBackwardQuery(KernelLibrary library, String rule) {
        kernels = new Instances(library, "attention_backward_query", rule, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER,
                AttentionGeometry.PARAMETER, POINTER, POINTER);
    }

    /** Sizes of a block, as the kernel's template arguments have them. */
    private record Tile(int queries, int threads, int sharedBytes) {
        /** f32: q, dOut, k, v and dS; rows padded by 4. */
        static Tile f32(int dim, int size) {
            return new Tile(size, 256, 4 * (4 * size * (dim + 4) + size * (size + 4)));
        }

        /** bf16: q, dOut, and k and v twice. */
        static Tile bf16(int dim, int queries, int keys) {
            return new Tile(queries, 128, 2 * dim * (2 * queries + 4 * keys));
        }

        static Tile of(ElementType type, int dim) {
            boolean wide = dim == 256;
            return type == ElementType.F32 ? f32(dim, wide ? 16 : 32) : bf16(dim, wide ? 64 : 128, wide ? 16 : 32);
        }
    }

    /**
     * All matrices of one type, f32 or bf16.
     *
     * @param q [N, heads·headDim]
     * @param k [N, kvHeads·headDim]
     * @param v of k's shape
     * @param dOut of q's shape
     * @param logSumExp address of [N, heads] f32, from the forward
     * @param delta address of [N, heads] f32, from {@link AttentionDelta}
     * @param offsets address of [sequences + 1] ints: first row of each sequence, and N
     * @param sequences their number
     * @param longest the largest number of tokens of a sequence
     * @param dq of q's shape
     */
    public void launch(Stream stream, Matrix q, Matrix k, Matrix v, Matrix dOut, long logSumExp, long delta, AttentionGeometry geometry,
            long offsets, int sequences, int longest, Matrix dq) {
        geometry.check(q, k, v);
        dOut.of("dOut", q.type()).like("dOut", q);
        dq.of("dq", q.type()).like("dq", q);
        int dim = geometry.paddedHeadDim();
        Tile tile = Tile.of(q.type(), dim);
        argument.give(kernels.named(Instances.name("attention_backward_query", q.type()) + "_d" + dim).pointer(q.address())
                .pointer(k.address()).pointer(v.address()).pointer(dOut.address()).pointer(logSumExp).pointer(delta), geometry)
                .pointer(offsets).pointer(dq.address())
                .launch(stream, Instances.blocks(longest, tile.queries), geometry.heads(), sequences, tile.threads, tile.sharedBytes);
    }
}
