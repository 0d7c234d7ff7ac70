// Interventions on a tensor, in place, and their backward: see edits.cuh.
//
// x, gradient, value [rows, width]; `edit` changes x, `edit_backward` takes the gradient back, `value` being the tensor behind the edit.
// Launch: a thread per 16 bytes of x, 256 threads a block. Rows without an edit are not touched.
// Bound by bytes: those of the edited rows, read and written once.
#include "edits.cuh"

template <class T, bool whole, bool backward> CRANE_DEVICE void edit(T* x, const T* value, int rows, int width, UnitEdits edits) {
    constexpr int V = PACKET<T>;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int row = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (row >= rows)
        return;
    RowEdit of_row = edit_of_row(edits, row, width);
    if (!of_row.any)
        return;
    float a[V], b[V];
    load<whole>(x + (long long)row * width, at, width, a);
    if (backward) {
        load<whole>(value + (long long)row * width, at, width, b);
        apply_backward(of_row, at, width, b, a);
    } else
        apply(of_row, at, width, a);
    store<whole>(x + (long long)row * width, at, width, a);
}

template <class T, bool backward> CRANE_DEVICE void edit_any(T* x, const T* value, int rows, int width, const UnitEdits& edits) {
    if (whole_vectors<PACKET<T>>(width, x, value))
        edit<T, true, backward>(x, value, rows, width, edits);
    else
        edit<T, false, backward>(x, value, rows, width, edits);
}

extern "C" __global__ void __launch_bounds__(256) edit_f32(float* x, int rows, int width, UnitEdits edits) {
    edit_any<float, false>(x, nullptr, rows, width, edits);
}

extern "C" __global__ void __launch_bounds__(256) edit_bf16(bf16* x, int rows, int width, UnitEdits edits) {
    edit_any<bf16, false>(x, nullptr, rows, width, edits);
}

extern "C" __global__ void __launch_bounds__(256) edit_backward_f32(float* gradient, const float* value, int rows, int width, UnitEdits edits) {
    edit_any<float, true>(gradient, value, rows, width, edits);
}

extern "C" __global__ void __launch_bounds__(256) edit_backward_bf16(bf16* gradient, const bf16* value, int rows, int width, UnitEdits edits) {
    edit_any<bf16, true>(gradient, value, rows, width, edits);
}
