// Root-mean-square norm, fused with the residual add:
//     x += delta (if given);  inverse[t] = 1/√(mean_i x[t, i]² + eps);  y[t, i] = x[t, i] · inverse[t] · (w[i] + offset)
//
// x [N, width] (f32 stream; in the `_heads_` instance the type of y), delta and y [N, width] f32 or bf16, w [width] f32, inverse [N] f32.
// The sum of squares is taken in f32 by thread, warp, block: its error is some √(width/threads) roundings.
// Launch: a block per row; the launcher gives it as many threads as the row has pieces of 4, at most 256. A row of up to 8,192 stays in
// registers between its sum and its scaling; the rest of a longer one is read again.
// Bound by bytes: with delta 4 + 2 read and 4 + 2 written an element (bf16); 4,096 × 4,096: 201 MB, 47 µs at 4.3 TB/s.
#include "crane.cuh"

template <class X, class T, bool whole>
CRANE_DEVICE void rms_norm(X* x, const T* delta, const float* w, float offset, float eps, int width, T* y, float* inverse) {
    constexpr int V = 4, KEPT = 8;
    long long row = blockIdx.x;
    x += row * width, y += row * width;
    int step = blockDim.x * V, begin = threadIdx.x * V;
    float kept[KEPT][V], squares = 0.f;

    auto read = [&](int at, float (&a)[V]) {
        load<whole>(x, at, width, a);
        if (delta == nullptr)
            return;
        float d[V];
        load<whole>(delta + row * width, at, width, d);
#pragma unroll
        for (int i = 0; i < V; i++)
            a[i] += d[i];
    };
    auto add_squares = [&](const float (&a)[V]) {
#pragma unroll
        for (int i = 0; i < V; i++)
            squares = __fmaf_rn(a[i], a[i], squares);
    };
#pragma unroll
    for (int k = 0; k < KEPT; k++)
        if (begin + k * step < width)
            read(begin + k * step, kept[k]);
#pragma unroll
    for (int k = 0; k < KEPT; k++)
        if (begin + k * step < width) {
            if (delta != nullptr)
                store<whole>(x, begin + k * step, width, kept[k]);
            add_squares(kept[k]);
        }
    for (int at = begin + KEPT * step; at < width; at += step) {
        float a[V];
        read(at, a);
        if (delta != nullptr)
            store<whole>(x, at, width, a);
        add_squares(a);
    }

    float inv = 1.f / sqrtf(block_sum(squares) / (float)width + eps);
    if (threadIdx.x == 0)
        inverse[row] = inv;
    auto write = [&](int at, const float (&a)[V]) {
        float out[V];
        load<whole>(w, at, width, out);
#pragma unroll
        for (int i = 0; i < V; i++)
            out[i] = a[i] * inv * (out[i] + offset);
        store<whole>(y, at, width, out);
    };
#pragma unroll
    for (int k = 0; k < KEPT; k++)
        if (begin + k * step < width)
            write(begin + k * step, kept[k]);
    for (int at = begin + KEPT * step; at < width; at += step) {
        float a[V];
        load<whole>(x, at, width, a);
        write(at, a);
    }
}

template <class X, class T>
CRANE_DEVICE void rms_norm_any(X* x, const T* delta, const float* w, float offset, float eps, int width, T* y, float* inverse) {
    if (whole_vectors<4>(width, x, delta, w, y))
        rms_norm<X, T, true>(x, delta, w, offset, eps, width, y, inverse);
    else
        rms_norm<X, T, false>(x, delta, w, offset, eps, width, y, inverse);
}

extern "C" __global__ void __launch_bounds__(256)
rms_norm_f32(float* x, const float* delta, const float* w, float offset, float eps, int width, float* y, float* inverse) {
    rms_norm_any(x, delta, w, offset, eps, width, y, inverse);
}

extern "C" __global__ void __launch_bounds__(256)
rms_norm_bf16(float* x, const bf16* delta, const float* w, float offset, float eps, int width, bf16* y, float* inverse) {
    rms_norm_any(x, delta, w, offset, eps, width, y, inverse);
}

// Rows that are bf16 themselves: the heads of q and k (width is that of a head).
extern "C" __global__ void __launch_bounds__(256)
rms_norm_heads_bf16(bf16* x, const bf16* delta, const float* w, float offset, float eps, int width, bf16* y, float* inverse) {
    rms_norm_any(x, delta, w, offset, eps, width, y, inverse);
}
