package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code attention_backward_key.cu}: the gradients of attention's keys and values under a rule. */
public final class AttentionBackwardKey {
    private final Instances kernels;
    private final AttentionGeometry.Argument argument = new AttentionGeometry.Argument();
    private final int sharedBytesPerBlock;

    /** Loads nothing yet. */
    public AttentionBackwardKey(KernelLibrary library, String rule) {
        kernels = new Instances(library, "attention_backward_key", rule, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER,
                AttentionGeometry.PARAMETER, POINTER, POINTER, POINTER);
        sharedBytesPerBlock = library.context().device().sharedMemoryPerBlock();
    }

    /** Sizes of a block, as the kernel's template arguments have them. */
    private record Tile(String suffix, int keys, int sharedBytes) {
        /** f32: k, v, q, dOut and P; rows padded by 4. */
        static Tile f32(int dim, int size) {
            return new Tile("", size, 4 * (4 * size * (dim + 4) + size * (size + 4)));
        }

        /** bf16: k, v; in each stage q, dOut and two statistics of each query; P and dS with rows of 64. */
        static Tile bf16(String suffix, int dim, int keys, int queries, int stages) {
            return new Tile(suffix, keys, 2 * (2 * keys * dim + stages * 2 * queries * dim + 2 * keys * 64) + 4 * stages * 2 * queries);
        }

        static Tile of(ElementType type, int dim, int sharedBytesPerBlock) {
            if (type == ElementType.F32)
                return f32(dim, dim == 256 ? 16 : 32);
            if (dim == 256)
                return bf16("", dim, 64, 32, 1);
            Tile large = bf16("", dim, 128, 64, 2);
            return dim == 128 && large.sharedBytes > sharedBytesPerBlock ? bf16("_small", dim, 64, 64, 1) : large;
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
     * @param delta address of [N, heads] f32, from {@link AttentionDelta}; 0 where the rule has no gradient of queries and keys
     * @param offsets address of [sequences + 1] ints: first row of each sequence, and N
     * @param sequences their number
     * @param longest the largest number of tokens of a sequence
     * @param dk of k's shape; not touched where the rule has no gradient of queries and keys
     * @param dv of k's shape
     */
    public void launch(Stream stream, Matrix q, Matrix k, Matrix v, Matrix dOut, long logSumExp, long delta, AttentionGeometry geometry,
            long offsets, int sequences, int longest, Matrix dk, Matrix dv) {
        geometry.check(q, k, v);
        dOut.of("dOut", q.type()).like("dOut", q);
        dk.of("dk", q.type()).like("dk", k);
        dv.of("dv", q.type()).like("dv", k);
        int dim = geometry.paddedHeadDim();
        Tile tile = Tile.of(q.type(), dim, sharedBytesPerBlock);
        argument.give(kernels.named(Instances.name("attention_backward_key", q.type()) + "_d" + dim + tile.suffix).pointer(q.address())
                .pointer(k.address()).pointer(v.address()).pointer(dOut.address()).pointer(logSumExp).pointer(delta), geometry)
                .pointer(offsets).pointer(dk.address()).pointer(dv.address())
                .launch(stream, Instances.blocks(longest, tile.keys), geometry.kvHeads(), sequences, 256, tile.sharedBytes);
    }
}
