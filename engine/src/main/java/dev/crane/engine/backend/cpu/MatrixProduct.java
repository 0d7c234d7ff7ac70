package dev.crane.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * Products of f32 activations and weights as they are stored (f32, f16 or bf16, little-endian, of any alignment and size), by packed panels and register
 * tiles, after K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
 *
 * <p><b>Bits.</b> Each element is computed as follows, whatever the number of rows, the row's place among them, the number of threads and the
 * vectors of the machine: its sum over k is cut into blocks of {@link Tile#DEPTH} terms in ascending order; each block is one chain of fused
 * multiply-adds in ascending k that starts at 0; the blocks' sums are added in ascending order to the start value, which is 0, or with
 * {@code accumulate} what the element held; a bias is added last.
 *
 * <p>An output array is written only at the elements of the product; it must not be one of the inputs' arrays where they overlap. Instances
 * hold nothing but their threads.
 */
public final class MatrixProduct {
    /**
     * Panels per block: 1 MiB with vectors of 512 bits, 256 KiB with 256, about half of the second-level cache of machines that have them. The more
     * there are, the less often A is copied, which comes from memory.
     */
    private static final int BLOCK_PANELS = Tile.LANES >= 16 ? 32 : 16;

    /** What a tile of C is added to where nothing was computed before. */
    private static final float[] ZEROS = new float[Tile.WIDTH];

    /**
     * Rows of A per block. A tall tile stays in the first-level cache and the panels pass by, so that the tiles walk along the rows of C, which are
     * fetched ahead: with 4,096 rows 0.88 of OpenBLAS's speed, not 0.77 as with the panels staying. A low tile would have the panels pass too often; a
     * panel stays and serves 60 KiB of A.
     */
    private static final int BLOCK_ROWS = Tile.HEIGHT > 4 ? Tile.HEIGHT : 56;

    /** Tasks per thread, so that a thread that comes late leaves little undone; few, because each copies its rows of A itself. */
    private static final int TASKS_PER_THREAD = 2;

    /** Multiply-adds worth a task of their own: some 10 µs, a few times what starting one costs. */
    private static final long TASK_WORK = 1 << 20;

    /** Cost of copying an element of A and of packing an element of W, in units of a vector of multiply-adds, for the choice of the partition. */
    private static final double COPY_COST = 0.3;
    private static final double PACK_COST = 0.8;

    private static final ThreadLocal<Workspace> WORKSPACE = ThreadLocal.withInitial(Workspace::new);

    private final CpuThreads threads;

    /** @param threads what to compute on; stays the caller's to close */
    public MatrixProduct(CpuThreads threads) {
        this.threads = threads;
    }

    /**
     * z = x · Wᵀ + bias.
     *
     * @param weight W [out, in] of F32, F16 or BF16
     * @param bias [out], or null
     * @param x [rows, in], from {@code xOffset}, rows {@code xStride} apart
     * @param z output [rows, out], from {@code zOffset}, rows {@code zStride} apart
     * @throws IllegalArgumentException when the weight is no such matrix or a stride is less than its row
     * @throws IndexOutOfBoundsException when an array is too short
     */
    public void linear(StoredTensor weight, float[] bias, int rows, float[] x, int xOffset, int xStride, float[] z, int zOffset,
            int zStride) {
        MemorySegment w = matrix(weight);
        int out = weight.size(0);
        int in = weight.size(1);
        if (bias != null) {
            Objects.checkFromIndexSize(0, out, bias.length);
        }
        run(new Product(w, weight.dtype(), true, rows, in, out, x, xOffset, xStride, z, zOffset, zStride, bias, false, false));
    }

    /**
     * dx = dz · W, or dx += dz · W.
     *
     * @param weight W [out, in] of F32, F16 or BF16
     * @param dz [rows, out], from {@code dzOffset}, rows {@code dzStride} apart
     * @param dx output [rows, in], from {@code dxOffset}, rows {@code dxStride} apart
     * @param accumulate whether dx is added to
     * @throws IllegalArgumentException when the weight is no such matrix or a stride is less than its row
     * @throws IndexOutOfBoundsException when an array is too short
     */
    public void linearBackwardInput(StoredTensor weight, int rows, float[] dz, int dzOffset, int dzStride, float[] dx, int dxOffset,
            int dxStride,
            boolean accumulate) {
        MemorySegment w = matrix(weight);
        int out = weight.size(0);
        int in = weight.size(1);
        run(new Product(w, weight.dtype(), false, rows, out, in, dz, dzOffset, dzStride, dx, dxOffset, dxStride, null, accumulate, false));
    }

    /**
     * z = x · |W|ᵀ, with the weights' signs taken off.
     *
     * @param weight W [out, in] of F32, F16 or BF16
     * @param x [rows, in], rows {@code xStride} apart
     * @param z output [rows, out], rows {@code zStride} apart
     */
    void linearMagnitudes(StoredTensor weight, int rows, float[] x, int xStride, float[] z, int zStride) {
        run(new Product(matrix(weight), weight.dtype(), true, rows, weight.size(1), weight.size(0), x, 0, xStride, z, 0, zStride, null,
                false, true));
    }

    /**
     * dx = dz · |W|, with the weights' signs taken off.
     *
     * @param weight W [out, in] of F32, F16 or BF16
     * @param dz [rows, out], rows {@code dzStride} apart
     * @param dx output [rows, in], rows {@code dxStride} apart
     */
    void linearMagnitudesBackward(StoredTensor weight, int rows, float[] dz, int dzStride, float[] dx, int dxStride) {
        run(new Product(matrix(weight), weight.dtype(), false, rows, weight.size(0), weight.size(1), dz, 0, dzStride, dx, 0, dxStride,
                null, false, true));
    }

    private static MemorySegment matrix(StoredTensor weight) {
        if (weight.shape().length != 2 || !weight.dtype().isWeight()) {
            throw new IllegalArgumentException("no weight matrix: " + weight);
        }
        MemorySegment data = weight.data();
        if (data.byteSize() != Math.multiplyExact(weight.elements(), weight.dtype().bits() / 8)) {
            throw new IllegalArgumentException(weight + " has " + data.byteSize() + " bytes");
        }
        // Vectors are not loaded from arrays of other types than byte. Models are mapped files; this is for small matrices made by hand.
        boolean readable = data.isNative() || data.heapBase().orElse(null) instanceof byte[];
        return readable ? data : MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE));
    }

    private void run(Product p) {
        check(p.rows, p.depth, p.a, p.aOffset, p.aStride);
        check(p.rows, p.columns, p.c, p.cOffset, p.cStride);
        if (p.rows == 0 || p.columns == 0) {
            return;
        }
        int panels = (p.columns + Tile.WIDTH - 1) / Tile.WIDTH;
        int strips = (p.rows + Tile.HEIGHT - 1) / Tile.HEIGHT;
        long worth = Math.max(1, (long) p.rows * p.columns * p.depth / TASK_WORK);
        int tasks = threads.count() == 1 ? 1 : (int) Math.min((long) threads.count() * TASKS_PER_THREAD, worth);
        int down = rowParts(tasks, strips, panels);
        int across = Math.min(panels, (tasks + down - 1) / down);
        threads.run(down * across, i -> {
            int r = i / across;
            int q = i % across;
            p.compute(part(r, down, strips) * Tile.HEIGHT, Math.min(p.rows, part(r + 1, down, strips) * Tile.HEIGHT),
                    part(q, across, panels) * Tile.WIDTH, Math.min(p.columns, part(q + 1, across, panels) * Tile.WIDTH), WORKSPACE.get());
        });
    }

    /** Where part {@code i} of {@code parts} nearly equal ones of {@code size} begins. */
    private static int part(int i, int parts, int size) {
        return (int) ((long) size * i / parts);
    }

    /** In how many parts to cut the rows: a task copies its rows of A and packs its part of W itself, so that the sum of both is to be least. */
    private static int rowParts(int tasks, int strips, int panels) {
        int best = 1;
        double least = Double.POSITIVE_INFINITY;
        for (int down = 1; down <= Math.min(tasks, strips); down++) {
            int across = Math.min(panels, (tasks + down - 1) / down);
            double packing = COPY_COST * across / panels + PACK_COST * down / strips;
            double idle = Math.max(0, tasks - down * across);
            if (packing + idle < least) {
                least = packing + idle;
                best = down;
            }
        }
        return best;
    }

    private static void check(int rows, int width, float[] array, int offset, int stride) {
        if (rows < 0 || stride < width) {
            throw new IllegalArgumentException("rows " + rows + ", stride " + stride + ", width " + width);
        }
        Objects.checkFromIndexSize(offset, rows == 0 ? 0L : (rows - 1L) * stride + width, array.length);
    }

    /** What a thread packs into; some 1.1 MiB at most. Places that nothing was packed into count for elements that are never stored. */
    private static final class Workspace {
        final float[] a = new float[(BLOCK_ROWS + Tile.HEIGHT) * Tile.A_STRIDE];
        final float[] panels = new float[BLOCK_PANELS * WeightPanels.PANEL];
        final int[] strip = new int[WeightPanels.STRIP];
        final float[] tile = new float[Tile.HEIGHT * Tile.WIDTH];
    }

    /** C (+)= A · B, where B [depth, columns] is W or its transpose, or for {@code magnitudes} |W| or its transpose. */
    private record Product(MemorySegment w, DType type, boolean transposed, int rows, int depth, int columns, float[] a, int aOffset,
            int aStride,
            float[] c, int cOffset, int cStride, float[] bias, boolean accumulate, boolean magnitudes) {

        /** Computes the rows and columns given, of which all but the last begin at a tile. */
        void compute(int rowFrom, int rowTo, int columnFrom, int columnTo, Workspace s) {
            // Where few tiles use a panel it is used at once, from the first-level cache.
            int blockColumns = (rowTo - rowFrom <= Tile.HEIGHT ? 1 : BLOCK_PANELS) * Tile.WIDTH;
            for (int j = columnFrom; j < columnTo; j += blockColumns) {
                int width = Math.min(blockColumns, columnTo - j);
                for (int k = 0; k < depth; k += Tile.DEPTH) {
                    int terms = Math.min(Tile.DEPTH, depth - k);
                    if (transposed) {
                        WeightPanels.transposed(w, type, depth, j, width, k, terms, s.panels, s.strip);
                    } else {
                        WeightPanels.straight(w, type, columns, k, terms, j, width, s.panels);
                    }
                    if (magnitudes) {
                        WeightPanels.absolute(s.panels, width, terms);
                    }
                    for (int i = rowFrom; i < rowTo; i += BLOCK_ROWS) {
                        int height = Math.min(BLOCK_ROWS, rowTo - i);
                        for (int r = 0; r < height; r++) {
                            System.arraycopy(a, aOffset + (i + r) * aStride + k, s.a, r * Tile.A_STRIDE, terms);
                        }
                        int to = cOffset + i * cStride + j;
                        tiles(height, width, terms, k == 0 && !accumulate, to, s);
                        if (bias != null && k + terms == depth) {
                            addBias(height, width, to, j);
                        }
                    }
                }
            }
        }

        private void tiles(int height, int width, int terms, boolean first, int to, Workspace s) {
            for (int j = 0; j < width; j += Tile.WIDTH) {
                int panel = j / Tile.WIDTH * WeightPanels.PANEL;
                int across = Math.min(Tile.WIDTH, width - j);
                for (int i = 0; i < height;) {
                    int tall = Tile.height(height - i);
                    int down = Math.min(tall, height - i);
                    int at = to + i * cStride + j;
                    if (down < tall || across < Tile.WIDTH) {
                        Tile.add(tall, s.a, i * Tile.A_STRIDE, s.panels, panel, terms, ZEROS, 0, 0, s.tile, 0, Tile.WIDTH);
                        storePart(s.tile, down, across, first, at);
                    } else if (first) {
                        Tile.add(tall, s.a, i * Tile.A_STRIDE, s.panels, panel, terms, ZEROS, 0, 0, c, at, cStride);
                    } else {
                        Tile.add(tall, s.a, i * Tile.A_STRIDE, s.panels, panel, terms, c, at, cStride, c, at, cStride);
                    }
                    i += down;
                }
            }
        }

        private void storePart(float[] tile, int down, int across, boolean first, int to) {
            for (int i = 0; i < down; i++) {
                for (int j = 0; j < across; j++) {
                    int at = to + i * cStride + j;
                    c[at] = (first ? 0 : c[at]) + tile[i * Tile.WIDTH + j];
                }
            }
        }

        private void addBias(int height, int width, int to, int from) {
            for (int i = 0; i < height; i++) {
                for (int j = 0; j < width; j++) {
                    c[to + i * cStride + j] += bias[from + j];
                }
            }
        }
    }
}
