package dev.crane.engine.backend.cuda;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.cuda.Context;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Event;
import dev.crane.cuda.Stream;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.kernels.Matrix;

/**
 * The weights. As many as the device has room for lie there for good. The others are streamed: copied from the files when an op needs them, into room that
 * holds those used last; the copy runs beside the ops enqueued before, because the host is ahead of the device. Since the backward pass takes the layers
 * in reverse, it finds the last ones of the forward pass still there.
 */
final class WeightStore implements AutoCloseable {
    /** Streaming needs room for the weight in use and the one being copied. */
    private static final int STREAMED_AT_ONCE = 2;

    /** A streamed weight that is on the device at the moment. */
    private record Visitor(DeviceBuffer buffer, Event ready, Event used) {
        void close() {
            buffer.close();
            ready.close();
            used.close();
        }
    }

    private final Context context;
    private final Stream compute;
    private final Launchers kernels;
    private final boolean random;
    private final ElementType products;
    private final long residentLimit;
    private final long streamedLimit;
    private final UploadRing ring;
    private final Event uploaded;
    private final IdentityHashMap<StoredTensor, CudaWeight> weights = new IdentityHashMap<>();
    private final Map<CudaWeight, Visitor> visitors = new LinkedHashMap<>(16, 0.75f, true);
    private final List<Event> spare = new ArrayList<>();
    private long residentBytes;
    private long streamedBytes;
    private long visitingBytes;

    /**
     * @param products element type of matrices
     * @param limits bytes that may lie on the device for good, and that streamed weights may take while they are there
     * @param random whether weights are made up on the device
     */
    WeightStore(Context context, Stream compute, Stream copies, Launchers kernels, ElementType products, CudaSettings.Limits limits,
            boolean random) {
        this.context = context;
        this.compute = compute;
        this.kernels = kernels;
        this.products = products;
        this.residentLimit = limits.residentWeights();
        this.streamedLimit = limits.streamedWeights();
        this.random = random;
        ring = new UploadRing(context, copies);
        uploaded = context.event();
    }

    /** Bytes that lie on the device for good. */
    long residentBytes() {
        return residentBytes;
    }

    /** Bytes of the weights that are copied to the device whenever they are needed. */
    long streamedBytes() {
        return streamedBytes;
    }

    /** Bytes kept free for streamed weights; 0 while there are none. */
    long streamedRoom() {
        return streamedBytes == 0 ? 0 : streamedLimit;
    }

    /** A weight; the same one for the same tensor. */
    CudaWeight weight(StoredTensor stored) {
        return weights.computeIfAbsent(stored, this::make);
    }

    private CudaWeight make(StoredTensor stored) {
        boolean matrix = stored.shape().length == 2;
        CudaWeight weight = new CudaWeight(stored, matrix ? products : ElementType.F32);
        if (matrix && residentBytes + weight.bytes() > residentLimit) {
            if (STREAMED_AT_ONCE * weight.bytes() > streamedLimit)
                throw new CudaException(
                        "%s has too little memory: two weights of %.1f MB (%s) must fit beside each other, and these may take %.1f MB; end what else runs on it, or use --backend cpu"
                                .formatted(context.device().name(), weight.bytes() / 1e6, stored.name(), streamedLimit / 1e6));
            streamedBytes += weight.bytes();
            return weight;
        }
        weight.resident = context.memory().allocate(weight.bytes(), ring.stream());
        residentBytes += weight.bytes();
        copy(weight, weight.resident);
        uploaded.record(ring.stream());
        compute.await(uploaded);
        return weight;
    }

    /** As transformers initialises models: matrices with a deviation of 0.02, norms 1, biases 0. */
    private void makeUp(CudaWeight weight, DeviceBuffer target) {
        Matrix matrix = new Matrix(weight.type, target.address(), weight.out(), weight.in());
        if (weight.stored.shape().length == 2)
            kernels.randomNormal.launch(ring.stream(), matrix, 0.02f, weight.name().hashCode());
        else
            kernels.fill.launch(ring.stream(), matrix, weight.name().endsWith(".bias") ? 0 : 1);
    }

    /** Enqueues the copy of a weight on the ring's stream, widened or rounded on the device where it is stored in another type. */
    private void copy(CudaWeight weight, DeviceBuffer target) {
        if (random) {
            makeUp(weight, target);
            return;
        }
        ElementType stored = switch (weight.dtype()) {
            case F32 -> ElementType.F32;
            case BF16 -> ElementType.BF16;
            case F16 -> ElementType.F16;
            default -> throw new IllegalArgumentException(weight.stored + " is no weight");
        };
        if (stored == weight.type) {
            ring.copy(weight.stored.data(), target);
            return;
        }
        try (DeviceBuffer raw = context.memory().allocate(weight.stored.data().byteSize(), ring.stream())) {
            ring.copy(weight.stored.data(), raw);
            int rows = weight.out();
            int columns = weight.in();
            kernels.cast.launch(ring.stream(), new Matrix(stored, raw.address(), rows, columns),
                    new Matrix(weight.type, target.address(), rows, columns));
        }
    }

    /** A weight for the op that is enqueued next on the compute stream; {@link #used} follows when it is enqueued. */
    Matrix use(CudaWeight weight) {
        return new Matrix(weight.type, address(weight), weight.out(), weight.in());
    }

    private long address(CudaWeight weight) {
        if (weight.resident != null)
            return weight.resident.address();
        Visitor visitor = visitors.get(weight);
        if (visitor == null) {
            makeRoom(weight.bytes());
            visitor = new Visitor(context.memory().allocate(weight.bytes(), ring.stream()), event(), event());
            visitingBytes += weight.bytes();
            copy(weight, visitor.buffer);
            visitor.ready.record(ring.stream());
            visitors.put(weight, visitor);
        }
        compute.await(visitor.ready);
        return visitor.buffer.address();
    }

    /** The op that uses it is enqueued. */
    void used(CudaWeight weight) {
        Visitor visitor = visitors.get(weight);
        if (visitor != null)
            visitor.used.record(compute);
    }

    private void makeRoom(long bytes) {
        var eldest = visitors.values().iterator();
        while (visitingBytes + bytes > streamedLimit && eldest.hasNext()) {
            Visitor leaving = eldest.next();
            eldest.remove();
            visitingBytes -= leaving.buffer.bytes();
            ring.stream().await(leaving.used); // its memory belongs to the copies' stream, which must not reuse it before
            leaving.buffer.close();
            spare.add(leaving.ready);
            spare.add(leaving.used);
        }
    }

    private Event event() {
        return spare.isEmpty() ? context.event() : spare.removeLast();
    }

    /** A vector as a product adds it to a result of this type. */
    long bias(CudaWeight vector, ElementType type) {
        if (type == ElementType.F32)
            return address(vector);
        if (vector.narrow == null) {
            vector.narrow = context.memory().allocate(vector.elements() * type.bytes(), compute);
            kernels.cast.launch(compute, new Matrix(vector.type, address(vector), vector.out(), 1),
                    new Matrix(type, vector.narrow.address(), vector.out(), 1));
        }
        return vector.narrow.address();
    }

    @Override
    public void close() {
        compute.synchronize();
        visitors.values().forEach(Visitor::close);
        spare.forEach(Event::close);
        for (CudaWeight weight : weights.values()) {
            if (weight.resident != null)
                weight.resident.close();
            if (weight.narrow != null)
                weight.narrow.close();
        }
        uploaded.close();
        ring.close();
    }
}
