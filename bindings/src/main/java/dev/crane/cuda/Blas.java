package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;
import dev.crane.bindings.cublas.Cublas;
import dev.crane.bindings.cublaslt.CublasLt;
import dev.crane.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Matrix products by cuBLASLt, for one stream. What a shape needs (descriptors and the algorithm that the library's heuristic puts first) is made once and
 * kept. Inputs are multiplied exactly and summed in f32; f32 inputs are not narrowed to TF32.
 */
public final class Blas extends Resource {
    /** What NVIDIA advises for Hopper; older chips need less. */
    private static final long WORKSPACE_BYTES = 32L << 20;
    /** Every shape of a pass, for many lengths of batches. */
    private static final int PLANS = 1024;
    /** What the heuristic takes for granted of every address. */
    private static final int ALIGNMENT = 256;
    private static final MemoryLayout C_STRING = MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE);

    /**
     * D = alpha · A · B + beta · D + bias, all row-major and dense.
     *
     * @param rows of A and D
     * @param columns of D
     * @param depth columns of A
     * @param transposed whether B lies as [columns, depth], as the weights of a linear layer do, instead of [depth, columns]
     * @param inputs elements of A and B
     * @param output elements of D and of the bias
     * @param bias whether a vector [columns] is added to every row
     */
    public record Product(int rows, int columns, int depth, boolean transposed, ElementType inputs, ElementType output, boolean bias) {
        @Override
        public String toString() {
            return "[%d, %d] %s · [%d, %d]%s%s → %s".formatted(rows, depth, inputs, transposed ? columns : depth,
                    transposed ? depth : columns,
                    transposed ? "ᵀ" : "", bias ? " + bias" : "", output);
        }
    }

    /** What cuBLASLt needs for one shape. */
    private final class Plan {
        final Arena arena = Arena.ofShared();
        final MemorySegment product;
        final MemorySegment a;
        final MemorySegment b;
        final MemorySegment d;
        final MemorySegment algorithm;
        final MemorySegment biasAddress = arena.allocate(JAVA_LONG);

        // cuBLAS is column-major: its D is ours transposed, Dᵀ = op(B)·Aᵀ, so our B is its first operand and our A its second
        Plan(Product shape) {
            product = create("cublasLtMatmulDescCreate",
                    result -> CublasLt.cublasLtMatmulDescCreate(result, Cublas.CUBLAS_COMPUTE_32F(), ElementType.F32.code()), shape);
            set(CublasLt.CUBLASLT_MATMUL_DESC_TRANSA(), shape.transposed ? Cublas.CUBLAS_OP_T() : Cublas.CUBLAS_OP_N());
            set(CublasLt.CUBLASLT_MATMUL_DESC_TRANSB(), Cublas.CUBLAS_OP_N());
            if (shape.bias) {
                set(CublasLt.CUBLASLT_MATMUL_DESC_EPILOGUE(), CublasLt.CUBLASLT_EPILOGUE_BIAS());
                set(CublasLt.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE(), shape.output.code());
            }
            a = shape.transposed ? layout(shape.inputs, shape.depth, shape.columns) : layout(shape.inputs, shape.columns, shape.depth);
            b = layout(shape.inputs, shape.depth, shape.rows);
            d = layout(shape.output, shape.columns, shape.rows);
            algorithm = choose(shape);
        }

        private void set(int attribute, int value) {
            try (Arena local = Arena.ofConfined()) {
                check(CublasLt.cublasLtMatmulDescSetAttribute(product, attribute, local.allocateFrom(JAVA_INT, value), Integer.BYTES),
                        "cublasLtMatmulDescSetAttribute", attribute);
            }
        }

        void bias(long address) {
            if (biasAddress.get(JAVA_LONG, 0) != address) {
                biasAddress.set(JAVA_LONG, 0, address);
                check(CublasLt.cublasLtMatmulDescSetAttribute(product, CublasLt.CUBLASLT_MATMUL_DESC_BIAS_POINTER(), biasAddress,
                        Long.BYTES),
                        "cublasLtMatmulDescSetAttribute", "BIAS_POINTER");
            }
        }

        private MemorySegment layout(ElementType type, long rows, long columns) {
            return create("cublasLtMatrixLayoutCreate",
                    result -> CublasLt.cublasLtMatrixLayoutCreate(result, type.code(), rows, columns, rows), type, rows, columns);
        }

        private MemorySegment choose(Product shape) {
            MemorySegment preference = create("cublasLtMatmulPreferenceCreate", CublasLt::cublasLtMatmulPreferenceCreate);
            try (Arena local = Arena.ofConfined()) {
                check(CublasLt.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(),
                        local.allocateFrom(JAVA_LONG, workspace.bytes()), Long.BYTES), "cublasLtMatmulPreferenceSetAttribute");
                MemorySegment found = arena.allocate(cublasLtMatmulHeuristicResult_t.layout());
                MemorySegment count = local.allocate(JAVA_INT);
                check(CublasLt.cublasLtMatmulAlgoGetHeuristic(handle, product, a, b, d, d, preference, 1, found, count),
                        "cublasLtMatmulAlgoGetHeuristic", shape);
                if (count.get(JAVA_INT, 0) == 0) {
                    throw new CudaException("CUBLAS_STATUS_NOT_SUPPORTED", "cuBLASLt knows no way to compute this product on "
                            + context.device().name(), "cublasLtMatmulAlgoGetHeuristic(" + shape + ")");
                }
                return cublasLtMatmulHeuristicResult_t.algo(found);
            } finally {
                CublasLt.cublasLtMatmulPreferenceDestroy(preference);
            }
        }

        void close() {
            CublasLt.cublasLtMatrixLayoutDestroy(a);
            CublasLt.cublasLtMatrixLayoutDestroy(b);
            CublasLt.cublasLtMatrixLayoutDestroy(d);
            CublasLt.cublasLtMatmulDescDestroy(product);
            arena.close();
        }
    }

    private final Stream stream;
    private final MemorySegment handle;
    private final DeviceBuffer workspace;
    private final Map<Product, Plan> plans = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Product, Plan> eldest) {
            if (size() > PLANS) {
                eldest.getValue().close();
                return true;
            }
            return false;
        }
    };
    private final MemorySegment factors = Arena.ofAuto().allocate(JAVA_FLOAT, 2);
    private final MemorySegment beta = factors.asSlice(Float.BYTES);

    /**
     * @param stream where the products run
     * @throws CudaException if there is no cuBLASLt, or it cannot use the device
     */
    public Blas(Stream stream) {
        super(stream.context());
        this.stream = stream;
        if (NativeLibrary.CUBLAS_LT.find() instanceof LibraryResult.Missing missing) {
            throw new CudaException(missing.advice());
        }
        handle = create("cublasLtCreate", CublasLt::cublasLtCreate);
        workspace = context.memory().allocate(WORKSPACE_BYTES, stream);
        opened();
    }

    /**
     * Enqueues a product. Addresses are multiples of 256, as buffers' are.
     *
     * @param shape what is multiplied
     * @param alpha factor on the product
     * @param a address of A
     * @param b address of B
     * @param beta factor on what D holds before; with 0 it is not read
     * @param d address of D
     * @param bias address of the bias, if the shape has one
     */
    public void multiply(Product shape, float alpha, long a, long b, float beta, long d, long bias) {
        check();
        if (shape.rows == 0 || shape.columns == 0) {
            return;
        }
        if (((a | b | d) & ALIGNMENT - 1) != 0) {
            throw new IllegalArgumentException("%s at addresses %x, %x, %x".formatted(shape, a, b, d));
        }
        Plan plan = plans.get(shape);
        if (plan == null) {
            plan = new Plan(shape);
            plans.put(shape, plan);
        }
        if (shape.bias) {
            plan.bias(bias);
        }
        factors.set(JAVA_FLOAT, 0, alpha);
        factors.set(JAVA_FLOAT, Float.BYTES, beta);
        Profile profile = context.profile();
        if (profile != null) {
            profile.begin(stream);
        }
        MemorySegment target = MemorySegment.ofAddress(d);
        int status = CublasLt.cublasLtMatmul(handle, plan.product, factors, MemorySegment.ofAddress(b), plan.a, MemorySegment.ofAddress(a),
                plan.b,
                this.beta, target, plan.d, target, plan.d, plan.algorithm, MemorySegment.ofAddress(workspace.address()), workspace.bytes(),
                stream.handle());
        if (status != 0) {
            throw failure(status, "cublasLtMatmul", shape);
        }
        if (profile != null) {
            profile.end(stream, shape.toString(), 2.0 * shape.rows * shape.columns * shape.depth);
        }
    }

    /** Number of shapes that are ready. */
    public int plans() {
        return plans.size();
    }

    private interface Create {
        int call(MemorySegment result);
    }

    private static MemorySegment create(String function, Create call, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(ADDRESS);
            check(call.call(result), function, arguments);
            return result.get(ADDRESS, 0);
        }
    }

    private static void check(int status, String function, Object... arguments) {
        if (status != 0) {
            throw failure(status, function, arguments);
        }
    }

    private static CudaException failure(int status, String function, Object... arguments) {
        return new CudaException(text(CublasLt.cublasLtGetStatusName(status), status),
                text(CublasLt.cublasLtGetStatusString(status), status),
                function + Arrays.toString(arguments).replaceFirst("^\\[(.*)]$", "($1)"));
    }

    private static String text(MemorySegment text, int status) {
        return text.equals(MemorySegment.NULL) ? "status " + status : text.reinterpret(C_STRING.byteSize()).getString(0);
    }

    @Override
    void free() {
        plans.values().forEach(Plan::close);
        plans.clear();
        workspace.close();
        check(CublasLt.cublasLtDestroy(handle), "cublasLtDestroy");
    }

    @Override
    public String toString() {
        return "cuBLASLt handle";
    }
}
