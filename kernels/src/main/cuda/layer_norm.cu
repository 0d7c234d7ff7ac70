// Layer norm, fused with the residual add:
//     x += delta (if given);  m = mean_i x[t, i];  inverse[t] = 1/√(mean_i (x[t, i] − m)² + eps);  y[t, i] = (x[t, i] − m)·inverse[t]·w[i] + bias[i]
//
// x [N, width] f32 (in the `_heads_` instance the type of y), delta and y [N, width] f32 or bf16, w [width] f32, bias [width] f32 or null,
// inverse [N] f32. Mean first, then the squares of the differences: no cancellation where the mean is large.
// Launch: a block per row; the launcher gives it as many threads as the row has pieces of 4, at most 256. A row of up to 8,192 stays in
// registers; the rest of a longer one is read again.
// Bound by bytes, as rms_norm: 4,096 × 4,096 with delta in bf16: 201 MB, 47 µs at 4.3 TB/s.
#include "crane.cuh"

template <class X, class T, bool whole>
CRANE_DEVICE void layer_norm(X* x, const T* delta, const float* w, const float* bias, float eps, int width, T* y, float* inverse) {
    constexpr int V = 4, KEPT = 8;
    long long row = blockIdx.x;
    x += row * width, y += row * width;
    int step = blockDim.x * V, begin = threadIdx.x * V;
    float kept[KEPT][V], sum = 0.f;

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
    auto add = [&](const float (&a)[V]) { // what lies behind the row's end is 0
#pragma unroll
        for (int i = 0; i < V; i++)
            sum += a[i];
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
            add(kept[k]);
        }
    for (int at = begin + KEPT * step; at < width; at += step) {
        float a[V];
        read(at, a);
        if (delta != nullptr)
            store<whole>(x, at, width, a);
        add(a);
    }
    float mean = block_sum(sum) / (float)width;

    float squares = 0.f;
    auto add_squares = [&](int at, const float (&a)[V]) {
#pragma unroll
        for (int i = 0; i < V; i++)
            squares = at + i < width ? __fmaf_rn(a[i] - mean, a[i] - mean, squares) : squares;
    };
#pragma unroll
    for (int k = 0; k < KEPT; k++)
        if (begin + k * step < width)
            add_squares(begin + k * step, kept[k]);
    for (int at = begin + KEPT * step; at < width; at += step) {
        float a[V];
        load<whole>(x, at, width, a);
        add_squares(at, a);
    }
    float inv = 1.f / sqrtf(block_sum(squares) / (float)width + eps);
    if (threadIdx.x == 0)
        inverse[row] = inv;

    auto write = [&](int at, const float (&a)[V]) {
        float out[V], b[V] = {};
        load<whole>(w, at, width, out);
        if (bias != nullptr)
            load<whole>(bias, at, width, b);
#pragma unroll
        for (int i = 0; i < V; i++)
            out[i] = __fmaf_rn((a[i] - mean) * inv, out[i], b[i]);
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
CRANE_DEVICE void layer_norm_any(X* x, const T* delta, const float* w, const float* bias, float eps, int width, T* y, float* inverse) {
    if (whole_vectors<4>(width, x, delta, w, bias, y))
        layer_norm<X, T, true>(x, delta, w, bias, eps, width, y, inverse);
    else
        layer_norm<X, T, false>(x, delta, w, bias, eps, width, y, inverse);
}

extern "C" __global__ void __launch_bounds__(256)
layer_norm_f32(float* x, const float* delta, const float* w, const float* bias, float eps, int width, float* y, float* inverse) {
    layer_norm_any(x, delta, w, bias, eps, width, y, inverse);
}

extern "C" __global__ void __launch_bounds__(256)
layer_norm_bf16(float* x, const bf16* delta, const float* w, const float* bias, float eps, int width, bf16* y, float* inverse) {
    layer_norm_any(x, delta, w, bias, eps, width, y, inverse);
}

// Rows that are bf16 themselves.
extern "C" __global__ void __launch_bounds__(256)
layer_norm_heads_bf16(bf16* x, const bf16* delta, const float* w, const float* bias, float eps, int width, bf16* y, float* inverse) {
    layer_norm_any(x, delta, w, bias, eps, width, y, inverse);
}
