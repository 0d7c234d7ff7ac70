package dev.crane.engine.backend.cuda;

import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/** A parameter on the device, or, where the device has no room for all, in the model's files until an op needs it. */
final class CudaWeight implements Weight {
    final StoredTensor stored;
    /** What it is on the device. */
    final ElementType type;
    /** Where it lies for good; null if it is copied there when it is needed. */
    DeviceBuffer resident;
    /** A vector once more in bf16, made when a product first adds it to a bf16 result. */
    DeviceBuffer narrow;

    CudaWeight(StoredTensor stored, ElementType type) {
        this.stored = stored;
        this.type = type;
    }

    long elements() {
        return stored.elements();
    }

    /** What it takes on the device. */
    @Override
    public long bytes() {
        return elements() * type.bytes();
    }

    @Override
    public String name() {
        return stored.name();
    }

    @Override
    public DType dtype() {
        return stored.dtype();
    }

    @Override
    public int out() {
        return stored.size(0);
    }

    @Override
    public int in() {
        return stored.shape().length == 2 ? stored.size(1) : 1;
    }
}
