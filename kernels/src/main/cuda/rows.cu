// Rows by index: gather out[i, :] = x[rows[i], :], scatter out[rows[i], :] = x[i, :] (no row twice).
//
// rows [count] (the host checks the range). Runs of consecutive rows are copied by the driver instead.
// Launch: a thread per 16 bytes, 256 threads a block. Bound by bytes: each element read and written once.
#include "crane.cuh"

template <class T, bool whole, bool gather> CRANE_DEVICE void move(const T* x, const int* rows, int count, int width, T* out) {
    constexpr int V = PACKET<T>;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int i = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (i >= count)
        return;
    long long from = gather ? rows[i] : i, to = gather ? i : rows[i];
    const T* source = x + from * width + at;
    T* target = out + to * width + at;
    if (whole)
        *reinterpret_cast<uint4*>(target) = *reinterpret_cast<const uint4*>(source);
    else
        for (int j = 0; j < V && at + j < width; j++)
            target[j] = source[j];
}

template <class T, bool gather> CRANE_DEVICE void move_any(const T* x, const int* rows, int count, int width, T* out) {
    if (whole_vectors<PACKET<T>>(width, x, out))
        move<T, true, gather>(x, rows, count, width, out);
    else
        move<T, false, gather>(x, rows, count, width, out);
}

extern "C" __global__ void __launch_bounds__(256) gather_rows_f32(const float* x, const int* rows, int count, int width, float* out) {
    move_any<float, true>(x, rows, count, width, out);
}

extern "C" __global__ void __launch_bounds__(256) gather_rows_bf16(const bf16* x, const int* rows, int count, int width, bf16* out) {
    move_any<bf16, true>(x, rows, count, width, out);
}

extern "C" __global__ void __launch_bounds__(256) scatter_rows_f32(const float* x, const int* rows, int count, int width, float* out) {
    move_any<float, false>(x, rows, count, width, out);
}

extern "C" __global__ void __launch_bounds__(256) scatter_rows_bf16(const bf16* x, const int* rows, int count, int width, bf16* out) {
    move_any<bf16, false>(x, rows, count, width, out);
}
