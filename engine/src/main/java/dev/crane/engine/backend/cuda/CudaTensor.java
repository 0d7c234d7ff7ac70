package dev.crane.engine.backend.cuda;

import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.engine.backend.Tensor;

/** A tensor on the device. It has neither memory nor element type before something is written to it. */
final class CudaTensor implements Tensor {

    /** What a tensor and its views share. */
    static final class Storage {
        final int elements;
        /** The type that was asked for when the tensor was allocated; null: that of the first op that writes it. */
        final ElementType fixed;
        ElementType type;
        DeviceBuffer buffer;
        /** Values that lie on the host until an op says what type it wants them in. */
        float[] pending;
        /** The same values rounded to bf16, where the op that wrote them gave that too; gone as soon as they change. */
        DeviceBuffer rounded;
        boolean released;

        Storage(int elements, ElementType fixed) {
            this.elements = elements;
            this.fixed = fixed;
        }
    }

    private final int rows;
    private final int columns;
    private final Storage storage;
    private final boolean view;

    CudaTensor(int rows, int columns, Storage storage, boolean view) {
        this.rows = rows;
        this.columns = columns;
        this.storage = storage;
        this.view = view;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public long bytes() {
        return (long) elements() * (storage.type == null ? ElementType.F32 : storage.type).bytes();
    }

    /** Its memory; an error once it is released. */
    Storage storage() {
        if (storage.released)
            throw new IllegalStateException("a tensor of " + this + " is used after its release");
        return storage;
    }

    /** Whether it is another shape of a tensor, with which it ends. */
    boolean isView() {
        return view;
    }

    @Override
    public String toString() {
        return rows + " × " + columns;
    }
}
