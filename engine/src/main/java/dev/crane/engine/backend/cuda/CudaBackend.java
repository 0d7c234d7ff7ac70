package dev.crane.engine.backend.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import dev.crane.cuda.Blas;
import dev.crane.cuda.Context;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.OpShapes;
import dev.crane.engine.backend.OpTimer;
import dev.crane.engine.backend.OutOfDeviceMemoryException;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.backend.cuda.DeviceMemory.Scratch;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.kernels.ActivationKind;
import dev.crane.kernels.AttentionGeometry;
import dev.crane.kernels.Edits;
import dev.crane.kernels.KernelLibrary;
import dev.crane.kernels.Matrix;

import static dev.crane.cuda.ElementType.F32;

/**
 * The backend on an NVIDIA GPU. It belongs to the thread that made it. What each op reads and writes in bf16 under {@link Precision#BF16}: see the package.
 * A tensor handed to an op in a type that its kernel does not take is rounded or widened first, so every op takes every tensor.
 */
public final class CudaBackend implements Backend {
    private final Context context;
    private final Stream stream;
    private final Stream copies;
    private final KernelLibrary library;
    private final Launchers kernels;
    private final Blas blas;
    private final Staging staging;
    private final DeviceMemory memory;
    private final IndexArrays indices;
    private final EditTables editTables;
    private final WeightStore weights;
    private final LateResults late;
    private final Map<Integer, DeviceBuffer> slopes = new HashMap<>();
    private List<String> leftOpen = List.of();
    private final ElementType products;
    private final CudaSettings.Limits limits;

    /**
     * Starts on a device.
     *
     * @param settings what to compute in, and how much memory to take
     * @throws CraneException if the device cannot be used: one line that says why and how to mend it
     */
    public CudaBackend(Device device, CudaSettings settings) {
        products = settings.precision() == Precision.BF16 ? ElementType.BF16 : F32;
        Context opened = null;
        try {
            opened = device.open();
            context = opened;
            stream = context.stream();
            copies = context.stream();
            library = new KernelLibrary(context);
            kernels = new Launchers(library);
            staging = new Staging(context, stream);
            memory = new DeviceMemory(context, stream, staging, kernels.cast);
            indices = new IndexArrays(context, stream, staging);
            editTables = new EditTables(context, stream, staging, indices);
            blas = new Blas(stream);
            late = new LateResults(context, stream, staging, kernels.firstNonFinite);
            limits = settings.limits(context.freeMemory());
            weights = new WeightStore(context, stream, copies, kernels, products, limits, settings.randomWeights());
        } catch (CudaException e) {
            if (opened != null)
                opened.close();
            throw new CraneException(e.getMessage(), e);
        }
    }

    @Override
    public String name() {
        return products == F32 ? "cuda" : "cuda-bf16";
    }

    @Override
    public String description() {
        Device device = context.device();
        return String.format(Locale.ROOT, "%s (%.0f GB), %s", device.name(), device.memory() / 1e9, products == F32 ? "f32" : "bf16");
    }

    // ---- memory ----

    @Override
    public Weight weight(StoredTensor stored) {
        return weights.weight(stored);
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        return memory.allocate(rows, columns, null);
    }

    @Override
    public Tensor allocateF32(int rows, int columns) {
        return memory.allocate(rows, columns, F32);
    }

    @Override
    public void release(Tensor tensor) {
        memory.release(tensor);
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        if (values.length != Math.multiplyExact(rows, columns))
            throw new IllegalArgumentException(values.length + " values for " + rows + " × " + columns);
        return memory.upload(values, rows, columns);
    }

    @Override
    public float[] download(Tensor tensor) {
        return memory.download(tensor);
    }

    @Override
    public Supplier<float[]> downloadLater(Tensor tensor) {
        if (DeviceMemory.type(tensor, products) != F32)
            return Backend.super.downloadLater(tensor);
        memory.read(tensor, F32);
        return late.download(tensor, memory.buffer(tensor));
    }

    @Override
    public Tensor reshape(Tensor tensor, int rows, int columns) {
        if (Math.multiplyExact(rows, columns) != tensor.elements())
            throw new IllegalArgumentException(tensor + " as " + rows + " × " + columns);
        return new CudaTensor(rows, columns, ((CudaTensor) tensor).storage(), true);
    }

    @Override
    public long allocatedBytes() {
        return memory.held();
    }

    @Override
    public long takePeakBytes() {
        return memory.takePeak();
    }

    @Override
    public OptionalLong activationBytes() {
        long taken = weights.residentBytes() + weights.streamedRoom();
        return OptionalLong.of(Math.max(limits.activations(), limits.all() - taken));
    }

    @Override
    public RuntimeException explained(RuntimeException failure) {
        if (!(failure instanceof CudaException cuda))
            return failure;
        return cuda.isOutOfMemory()
                ? new OutOfDeviceMemoryException(
                        cuda.getMessage() + "; use fewer tokens at once (--token-budget), shorter texts, --precision bf16 or"
                                + " --backend cpu, or end what else runs on the device",
                        cuda)
                : new CraneException(cuda.getMessage(), cuda);
    }

    /** By events on the stream: what the device takes, not the host. Every kernel and product is timed too while it is open. */
    @Override
    public OpTimer timer() {
        return new CudaTimer(context, stream);
    }

    /** The device's context, for measurements. */
    public Context context() {
        return context;
    }

    /** Bytes of weights that are copied to the device whenever they are needed, because not all fit. */
    public long streamedWeightBytes() {
        return weights.streamedBytes();
    }

    /** Bytes of device memory that nothing uses, in this process or another. */
    public long freeMemory() {
        return context.freeMemory();
    }

    /** After {@link #close}: what was made on the device and not given back before; for tests. */
    public List<String> leftOpen() {
        return leftOpen;
    }

    @Override
    public void close() {
        try {
            weights.close();
            editTables.close();
            indices.close();
            slopes.values().forEach(DeviceBuffer::close);
            late.close();
            blas.close();
            staging.close();
            library.close();
            leftOpen = context.open().stream().filter(what -> !what.equals("stream")).toList(); // the streams end with the context
        } finally {
            context.close();
        }
    }

    private Matrix read(Tensor tensor) {
        return memory.read(tensor, products);
    }

    private Matrix write(Tensor tensor) {
        return memory.write(tensor, products);
    }

    private long wide(Scratch scratch, Tensor tensor) {
        return scratch.as(tensor, F32).address();
    }

    private long offsets(Segments segments) {
        return indices.address(segments.offsets());
    }

    private static CudaWeight own(Weight weight) {
        return (CudaWeight) weight;
    }

    private static ActivationKind kind(Activation activation) {
        return switch (activation) {
            case SILU -> ActivationKind.SILU;
            case GELU -> ActivationKind.GELU;
            case GELU_TANH -> ActivationKind.GELU_TANH;
            case RELU -> ActivationKind.RELU;
        };
    }

    // ---- embedding, rows ----

    @Override
    public void embed(Weight table, int[] ids, float scale, Tensor out) {
        OpShapes.embed(table, ids, out);
        kernels.embed.launch(stream, weights.use(own(table)), indices.address(ids), scale, memory.write(out, F32));
        weights.used(own(table));
    }

    @Override
    public void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count) {
        OpShapes.copyRows(source, sourceRow, target, targetRow, count);
        if (count == 0)
            return;
        try (Scratch scratch = memory.scratch()) {
            Matrix from = read(source);
            Matrix to = DeviceMemory.isWritten(target) ? memory.change(target, from.type()) : memory.write(target, from.type());
            if (from.type() != to.type())
                from = scratch.as(source, to.type());
            long row = (long) from.columns() * from.type().bytes();
            stream.copy(from.address() + sourceRow * row, to.address() + targetRow * row, count * row);
        }
    }

    @Override
    public void gatherRows(Tensor x, int[] rows, Tensor out) {
        OpShapes.gatherRows(x, rows, out);
        Matrix from = read(x);
        try (Scratch scratch = memory.scratch()) {
            Matrix to = memory.write(out, from.type());
            kernels.rows.gather(stream, scratch.as(x, to.type()), indices.address(rows), to);
        }
    }

    @Override
    public void add(Tensor x, Tensor delta) {
        OpShapes.add(x, delta);
        try (Scratch scratch = memory.scratch()) {
            Matrix sum = memory.change(x, F32);
            kernels.add.launch(stream, sum, sum.type() == F32 ? read(delta) : scratch.as(delta, sum.type()));
        }
    }

    @Override
    public void fill(Tensor x, float value) {
        kernels.fill.launch(stream, memory.write(x, F32), value);
    }

    @Override
    public void edit(Tensor x, Segments segments, UnitEdits edits) {
        OpShapes.edit(x, segments, edits);
        Edits own = editTables.of(edits, segments);
        if (own != null)
            kernels.edit.launch(stream, memory.change(x, products), own);
    }

    @Override
    public void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        OpShapes.editBackward(gradient, edited, segments, edits);
        Edits own = editTables.of(edits, segments);
        if (own == null)
            return;
        try (Scratch scratch = memory.scratch()) {
            Matrix in = memory.change(gradient, products);
            kernels.edit.backward(stream, in, scratch.as(edited, in.type()), own);
        }
    }

    @Override
    public int firstNonFinite(Tensor x) {
        return late.firstNonFinite(read(x)).getAsInt();
    }

    @Override
    public IntSupplier firstNonFiniteLater(Tensor x) {
        return late.firstNonFinite(read(x));
    }

    // ---- linear ----

    @Override
    public void linear(Weight w, Weight bias, Tensor x, Tensor z) {
        OpShapes.linear(w, bias, x, z);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = scratch.as(x, products);
            Matrix out = write(z);
            Matrix matrix = weights.use(own(w));
            Blas.Product product = new Blas.Product(in.rows(), out.columns(), in.columns(), true, products, out.type(), bias != null);
            blas.multiply(product, 1, in.address(), matrix.address(), 0, out.address(),
                    bias == null ? 0 : weights.bias(own(bias), out.type()));
            weights.used(own(w));
        }
    }

    @Override
    public void linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate) {
        OpShapes.linearBackwardInput(w, dz, dx);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = scratch.as(dz, products);
            Matrix out = accumulate ? memory.change(dx, products) : write(dx);
            Matrix matrix = weights.use(own(w));
            Blas.Product product = new Blas.Product(in.rows(), out.columns(), in.columns(), false, products, out.type(), false);
            blas.multiply(product, 1, in.address(), matrix.address(), accumulate ? 1 : 0, out.address(), 0);
            weights.used(own(w));
        }
    }

    @Override
    public void linearRule(Tensor z, Rule rule, Tensor gradient) {
        OpShapes.linearRule(z, gradient);
        try (Scratch scratch = memory.scratch()) {
            Matrix changed = memory.change(gradient, products);
            kernels.of(rule).linear.launch(stream, scratch.as(z, changed.type()), changed);
        }
    }

    @Override
    public void linearMagnitudes(Weight w, Tensor x, Tensor z) {
        OpShapes.linearMagnitudes(w, x, z);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = scratch.matrix(products, x.rows(), x.columns());
            kernels.gamma.absolute(stream, scratch.as(x, products), in);
            Matrix out = write(z);
            Blas.Product product = new Blas.Product(in.rows(), out.columns(), in.columns(), true, products, out.type(), false);
            blas.multiply(product, 1, in.address(), magnitudes(own(w), scratch).address(), 0, out.address(), 0);
        }
    }

    @Override
    public void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        OpShapes.linearMagnitudesBackward(w, x, dz, dx);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = scratch.as(dz, products);
            Matrix sum = memory.change(dx, products);
            Matrix unsigned = scratch.matrix(sum.type(), sum.rows(), sum.columns());
            Blas.Product product = new Blas.Product(in.rows(), unsigned.columns(), in.columns(), false, products, unsigned.type(), false);
            blas.multiply(product, 1, in.address(), magnitudes(own(w), scratch).address(), 0, unsigned.address(), 0);
            kernels.gamma.addSigned(stream, scratch.as(x, sum.type()), unsigned, sum);
        }
    }

    /** |W|, for one op. */
    private Matrix magnitudes(CudaWeight weight, Scratch scratch) {
        Matrix magnitudes = scratch.matrix(weight.type, weight.out(), weight.in());
        kernels.gamma.absolute(stream, weights.use(weight), magnitudes);
        weights.used(weight);
        return magnitudes;
    }

    @Override
    public void gammaRule(Tensor z, Weight bias, float gamma, Tensor gradient, Tensor magnitudes) {
        OpShapes.gammaRule(z, bias, gradient, magnitudes);
        try (Scratch scratch = memory.scratch()) {
            Matrix changed = memory.change(gradient, products);
            ElementType type = changed.type();
            Matrix split = memory.change(magnitudes, type);
            Matrix inType = scratch.as(magnitudes, type); // split itself where it has the gradient's type
            kernels.gamma.launch(stream, scratch.as(z, type), bias == null ? 0 : weights.use(own(bias)).address(), gamma, changed, inType);
            if (split.type() != type)
                kernels.cast.launch(stream, inType, split);
        }
    }

    // ---- norm, rotation ----

    @Override
    public void rmsNorm(Tensor x, Tensor delta, Weight w, float weightOffset, float eps, Tensor y, Tensor inverse) {
        OpShapes.rmsNorm(x, delta, w, y, inverse);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = delta == null ? memory.read(x, F32) : memory.change(x, F32);
            Matrix out = in.type() == F32 ? write(y) : memory.write(y, in.type());
            kernels.rmsNorm.launch(stream, in, delta == null ? null : scratch.as(delta, out.type()), weights.use(own(w)).address(),
                    weightOffset, eps,
                    out, memory.write(inverse, F32).address());
        }
    }

    @Override
    public void rmsNormBackward(Tensor x, Weight w, float weightOffset, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.rmsNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        try (Scratch scratch = memory.scratch()) {
            Matrix sum = memory.change(dx, F32);
            Matrix in = sum.type() == F32 ? read(dy) : scratch.as(dy, sum.type());
            kernels.of(rule).rmsNorm.launch(stream, x == null ? null : scratch.as(x, sum.type()), in, weights.use(own(w)).address(),
                    weightOffset,
                    wide(scratch, inverse), sum, sum.type() == F32 && in.type() != F32 ? memory.rounded(dx) : null);
        }
    }

    @Override
    public void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, float eps, Tensor y, Tensor inverse) {
        OpShapes.layerNorm(x, delta, w, bias, y, inverse);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = delta == null ? memory.read(x, F32) : memory.change(x, F32);
            Matrix out = in.type() == F32 ? write(y) : memory.write(y, in.type());
            kernels.layerNorm.launch(stream, in, delta == null ? null : scratch.as(delta, out.type()), weights.use(own(w)).address(),
                    bias == null ? 0 : weights.use(own(bias)).address(), eps, out, memory.write(inverse, F32).address());
        }
    }

    @Override
    public void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.layerNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        try (Scratch scratch = memory.scratch()) {
            Matrix sum = memory.change(dx, F32);
            Matrix in = sum.type() == F32 ? read(dy) : scratch.as(dy, sum.type());
            kernels.of(rule).layerNorm.launch(stream, x == null ? null : scratch.as(x, sum.type()), in, weights.use(own(w)).address(),
                    wide(scratch, inverse), sum, sum.type() == F32 && in.type() != F32 ? memory.rounded(dx) : null);
        }
    }

    @Override
    public void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        OpShapes.rope(x, headDim, positions, cos, sin);
        Matrix own = memory.change(x, products);
        kernels.rope.launch(stream, own, own, headDim, indices.address(positions), memory.read(cos, F32), memory.read(sin, F32), inverse);
    }

    // ---- attention ----

    private AttentionGeometry geometry(AttentionShape shape) {
        if (shape.headDim() > AttentionGeometry.MAX_HEAD_DIM)
            throw new CraneException("attention heads of width " + shape.headDim() + " are too wide for the CUDA kernels (at most "
                    + AttentionGeometry.MAX_HEAD_DIM + "); use --backend cpu");
        return new AttentionGeometry(shape.heads(), shape.kvHeads(), shape.headDim(), shape.window(), shape.scale(), shape.softcap(),
                shape.alibi() ? slopes.computeIfAbsent(shape.heads(), heads -> uploadSlopes(shape)).address() : 0);
    }

    private DeviceBuffer uploadSlopes(AttentionShape shape) {
        float[] values = new float[shape.heads()];
        for (int h = 0; h < values.length; h++)
            values[h] = shape.slope(h);
        DeviceBuffer buffer = context.memory().allocate((long) values.length * Float.BYTES, stream);
        staging.upload(values, F32, buffer);
        return buffer;
    }

    private static int longest(Segments segments) {
        int longest = 0;
        for (int b = 0; b < segments.count(); b++)
            longest = Math.max(longest, segments.length(b));
        return longest;
    }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        OpShapes.attention(q, k, v, shape, queries, keys, out, logSumExp);
        try (Scratch scratch = memory.scratch()) {
            Matrix queryRows = read(q);
            ElementType type = queryRows.type();
            kernels.attention.launch(stream, queryRows, scratch.as(k, type), scratch.as(v, type), geometry(shape), offsets(queries),
                    indices.address(keys.starts()), indices.address(keys.lengths()), queries.count(), longest(queries),
                    memory.write(out, type),
                    memory.write(logSumExp, F32).address());
        }
    }

    @Override
    public void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Rule rule, Tensor dq, Tensor dk, Tensor dv) {
        OpShapes.attentionBackward(q, k, v, out, logSumExp, dOut, shape, segments, dq, dk, dv);
        boolean detached = rule.detachesScores();
        try (Scratch scratch = memory.scratch()) {
            Matrix queries = read(q);
            ElementType type = queries.type();
            Matrix keys = scratch.as(k, type);
            Matrix values = scratch.as(v, type);
            Matrix gradient = scratch.as(dOut, type);
            Matrix dQueries = memory.write(dq, type);
            Matrix dKeys = memory.write(dk, type);
            long sums = wide(scratch, logSumExp);
            long delta = 0;
            Launchers.OfRule ofRule = kernels.of(rule);
            if (detached) {
                kernels.fill.launch(stream, dQueries, 0);
                kernels.fill.launch(stream, dKeys, 0);
            } else {
                delta = scratch.bytes((long) q.rows() * shape.heads() * Float.BYTES).address();
                kernels.attentionDelta.launch(stream, scratch.as(out, type), gradient, shape.headDim(), delta);
                ofRule.attentionQuery.launch(stream, queries, keys, values, gradient, sums, delta, geometry(shape), offsets(segments),
                        segments.count(), longest(segments), dQueries);
            }
            ofRule.attentionKey.launch(stream, queries, keys, values, gradient, sums, delta, geometry(shape), offsets(segments),
                    segments.count(),
                    longest(segments), dKeys, memory.write(dv, type));
        }
    }

    @Override
    public void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out) {
        OpShapes.attentionProbabilities(q, k, logSumExp, shape, segments, b, out);
        try (Scratch scratch = memory.scratch()) {
            Matrix queryRows = read(q);
            kernels.attentionProbabilities.launch(stream, queryRows, scratch.as(k, queryRows.type()), wide(scratch, logSumExp),
                    geometry(shape),
                    segments.start(b), segments.length(b), memory.write(out, F32));
        }
    }

    // ---- activation ----

    @Override
    public void activation(Tensor x, Activation activation, Segments segments, UnitEdits edits, Tensor act) {
        OpShapes.activation(x, segments, edits, act);
        Matrix in = read(x);
        kernels.activation.launch(stream, in, kind(activation), editTables.of(edits, segments), memory.write(act, in.type()));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, Tensor dAct, Tensor dx) {
        OpShapes.activation(x, segments, edits, dAct, dx);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = read(x);
            kernels.of(rule).activation.launch(stream, in, scratch.as(dAct, in.type()), kind(activation), editTables.of(edits, segments),
                    memory.write(dx, in.type()));
        }
    }

    @Override
    public void gatedActivation(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Tensor act, Tensor neuron) {
        OpShapes.gatedActivation(gate, up, segments, actEdits, neuronEdits, act, neuron);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = read(gate);
            kernels.gatedActivation.launch(stream, in, scratch.as(up, in.type()), kind(activation), editTables.of(actEdits, segments),
                    editTables.of(neuronEdits, segments), act == null ? null : memory.write(act, in.type()),
                    memory.write(neuron, in.type()));
        }
    }

    @Override
    public void gatedActivationBackward(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule, Tensor dNeuron, Tensor dGate, Tensor dUp) {
        OpShapes.gatedActivationBackward(gate, up, segments, actEdits, neuronEdits, dNeuron, dGate, dUp);
        try (Scratch scratch = memory.scratch()) {
            Matrix in = read(gate);
            kernels.of(rule).gatedActivation.launch(stream, in, scratch.as(up, in.type()), kind(activation),
                    editTables.of(actEdits, segments),
                    editTables.of(neuronEdits, segments), scratch.as(dNeuron, in.type()), memory.write(dGate, in.type()),
                    memory.write(dUp, in.type()));
        }
    }

    // ---- targets ----

    @Override
    public float[] targetLogits(Weight head, Tensor h, int[] rows, int[] tokens) {
        OpShapes.targetLogits(head, h, rows, tokens);
        try (Scratch scratch = memory.scratch()) {
            DeviceBuffer result = scratch.bytes((long) rows.length * Float.BYTES);
            kernels.targetLogits.launch(stream, weights.use(own(head)), read(h), indices.address(rows), indices.address(tokens),
                    rows.length,
                    result.address());
            weights.used(own(head));
            return staging.download(result, F32, rows.length);
        }
    }

    @Override
    public void targetLogitsBackward(Weight head, int[] rows, int[] tokens, float[] coefficients, Tensor dh) {
        OpShapes.targetLogits(head, dh, rows, tokens);
        TargetGroups groups = TargetGroups.of(rows, tokens, coefficients, dh.rows());
        try (Scratch scratch = memory.scratch()) {
            kernels.targetLogitsBackward.launch(stream, weights.use(own(head)), indices.address(groups.first()),
                    indices.address(groups.tokens()),
                    scratch.floats(groups.coefficients()), memory.write(dh, F32));
            weights.used(own(head));
        }
    }

    @Override
    public void tokenLogprobs(Tensor logits, int[] tokens, float[] logprobs, int[] greedy) {
        OpShapes.rowTokens("tokenLogprobs", logits, tokens, logprobs.length, greedy.length);
        try (Scratch scratch = memory.scratch()) {
            DeviceBuffer values = scratch.bytes((long) logprobs.length * Float.BYTES);
            DeviceBuffer best = scratch.bytes((long) greedy.length * Integer.BYTES);
            kernels.logprobs.launch(stream, memory.read(logits, F32), indices.address(tokens), values.address(), best.address());
            System.arraycopy(staging.download(values, F32, logprobs.length), 0, logprobs, 0, logprobs.length);
            System.arraycopy(staging.downloadInts(best, greedy.length), 0, greedy, 0, greedy.length);
        }
    }

    @Override
    public void logprobBackward(Tensor logits, int[] tokens, float[] coefficients) {
        OpShapes.rowTokens("logprobBackward", logits, tokens, coefficients.length);
        try (Scratch scratch = memory.scratch()) {
            kernels.logprobs.backward(stream, memory.change(logits, F32), indices.address(tokens), scratch.floats(coefficients));
        }
    }

    @Override
    public void softcap(Tensor x, float cap) {
        kernels.of(Rule.GRADIENT).softcap.launch(stream, memory.change(x, F32), cap);
    }

    // ---- reductions ----

    @Override
    public void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentDot(z, delta, segments, out);
        try (Scratch scratch = memory.scratch()) {
            ElementType type = common(z, delta);
            kernels.segmentDot.launch(stream, scratch.as(z, type), scratch.as(delta, type), offsets(segments), memory.write(out, F32));
        }
    }

    /** A type that both have, or f32. */
    private ElementType common(Tensor a, Tensor b) {
        ElementType type = read(a).type();
        return type == read(b).type() ? type : F32;
    }

    @Override
    public void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentWeightedSum(s, delta, segments, out);
        try (Scratch scratch = memory.scratch()) {
            kernels.segmentWeightedSum.launch(stream, wide(scratch, s), read(delta), offsets(segments), memory.write(out, F32));
        }
    }

    @Override
    public void segmentReduce(Tensor x, Segments segments, Reduction reduction, Tensor out) {
        OpShapes.segmentReduce(x, segments, out);
        kernels.segmentReduce.launch(stream, read(x), offsets(segments),
                dev.crane.kernels.SegmentReduce.Reduction.valueOf(reduction.name()), memory.write(out, F32));
    }

    @Override
    public void rowSums(Tensor x, Tensor out) {
        OpShapes.rowSums(x, out);
        kernels.rowSums.sums(stream, read(x), memory.write(out, F32).address());
    }

    @Override
    public void rowDots(Tensor x, Tensor y, Tensor out) {
        OpShapes.rowDots(x, y, out);
        try (Scratch scratch = memory.scratch()) {
            ElementType type = common(x, y);
            kernels.rowSums.dots(stream, scratch.as(x, type), scratch.as(y, type), memory.write(out, F32).address());
        }
    }
}
