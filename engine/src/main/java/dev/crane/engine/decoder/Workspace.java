package dev.crane.engine.decoder;

import java.util.IdentityHashMap;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;

/**
 * The tensors of one pass. Each counts its holders and goes back to the backend when the last one lets go; all of them do when the pass ends or
 * fails. So the forward pass reads the same whether or not somebody keeps a tensor for later.
 */
final class Workspace implements AutoCloseable {
    private final Backend backend;
    private final IdentityHashMap<Tensor, Integer> holders = new IdentityHashMap<>();

    Workspace(Backend backend) {
        this.backend = backend;
    }

    /** A tensor with one holder and undefined contents. */
    Tensor allocate(int rows, int columns) {
        return adopt(backend.allocate(rows, columns));
    }

    /** A tensor with these values and one holder. */
    Tensor upload(float[] values, int rows, int columns) {
        return adopt(backend.upload(values, rows, columns));
    }

    private Tensor adopt(Tensor tensor) {
        holders.put(tensor, 1);
        return tensor;
    }

    /** A tensor of zeros. */
    Tensor zeros(int rows, int columns) {
        Tensor tensor = allocate(rows, columns);
        backend.fill(tensor, 0);
        return tensor;
    }

    /** A tensor of f32, whatever the backend computes in, with one holder. */
    Tensor allocateF32(int rows, int columns) {
        return adopt(backend.allocateF32(rows, columns));
    }

    /** A copy with one holder. */
    Tensor copy(Tensor tensor) {
        Tensor copy = allocate(tensor.rows(), tensor.columns());
        backend.copyRows(tensor, 0, copy, 0, tensor.rows());
        return copy;
    }

    /** One more holder. */
    Tensor hold(Tensor tensor) {
        holders.merge(tensor, 1, Integer::sum);
        return tensor;
    }

    /** One holder fewer for each; nulls are passed over. */
    void release(Tensor... tensors) {
        for (Tensor tensor : tensors)
            if (tensor != null && holders.merge(tensor, -1, Integer::sum) == 0) {
                holders.remove(tensor);
                backend.release(tensor);
            }
    }

    /** The tensor itself where the caller is its only holder, otherwise a copy in exchange for the caller's hold: something that may be overwritten. */
    Tensor own(Tensor tensor) {
        if (holders.get(tensor) == 1)
            return tensor;
        Tensor copy = copy(tensor);
        release(tensor);
        return copy;
    }

    @Override
    public void close() {
        holders.keySet().forEach(backend::release);
        holders.clear();
    }
}
