// Backward of rms_norm with respect to x, added to the gradient of the stream:
//     g[i] = dy[i]·(w[i] + offset),  x̂[i] = x[i]·inverse,  dx[i] += inverse · rule::norm(g[i], x̂[i], mean_j(g[j]·x̂[j]))
// where rule::norm is g − x̂·mean for the gradient and g where a rule detaches 1/σ; such a rule does not read x.
//
// x [N, width] the norm's input behind the residual add, dy [N, width] f32 or bf16, w [width] f32, inverse [N], dx [N, width] f32 (in the `_heads_`
// instance x and dx have the type of dy). cast [N, width] receives dx rounded to bf16, the input of the products that come next; or null.
// Launch: as rms_norm. Bound by bytes: detached 2 + 4 read and 4 + 2 written an element; 4,096 × 4,096: 201 MB, 47 µs at 4.3 TB/s.
#include "crane.cuh"
#include "rule.cuh"

template <class X, class T, bool whole>
CRANE_DEVICE void rms_norm_backward(const X* x, const T* dy, const float* w, float offset, const float* inverse, int width, X* dx, T* cast) {
    constexpr int V = 4;
    long long row = blockIdx.x;
    dy += row * width, dx += row * width;
    int step = blockDim.x * V, begin = threadIdx.x * V;
    float inv = inverse[row];

    auto read = [&](int at, float (&g)[V], float (&normalised)[V]) {
        float scale[V];
        load<whole>(dy, at, width, g);
        load<whole>(w, at, width, scale);
#pragma unroll
        for (int i = 0; i < V; i++)
            g[i] *= scale[i] + offset;
        if constexpr (rule::norm_reads_input) {
            load<whole>(x + row * width, at, width, normalised);
#pragma unroll
            for (int i = 0; i < V; i++)
                normalised[i] *= inv;
        } else
#pragma unroll
            for (int i = 0; i < V; i++)
                normalised[i] = 0.f;
    };
    float mean = 0.f;
    if constexpr (rule::norm_reads_input) {
        float sum = 0.f;
#pragma unroll 4
        for (int at = begin; at < width; at += step) {
            float g[V], normalised[V];
            read(at, g, normalised);
#pragma unroll
            for (int i = 0; i < V; i++)
                sum = at + i < width ? __fmaf_rn(g[i], normalised[i], sum) : sum;
        }
        mean = block_sum(sum) / (float)width;
    }
#pragma unroll 4
    for (int at = begin; at < width; at += step) { // dy, w and x come from the cache the second time
        float g[V], normalised[V], d[V];
        read(at, g, normalised);
        load<whole>(dx, at, width, d);
#pragma unroll
        for (int i = 0; i < V; i++)
            d[i] += inv * rule::norm(g[i], normalised[i], mean);
        store<whole>(dx, at, width, d);
        if (cast != nullptr)
            store<whole>(cast + row * width, at, width, d);
    }
}

template <class X, class T>
CRANE_DEVICE void rms_norm_backward_any(const X* x, const T* dy, const float* w, float offset, const float* inverse, int width, X* dx, T* cast) {
    if (whole_vectors<4>(width, x, dy, w, dx, cast))
        rms_norm_backward<X, T, true>(x, dy, w, offset, inverse, width, dx, cast);
    else
        rms_norm_backward<X, T, false>(x, dy, w, offset, inverse, width, dx, cast);
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_backward_f32(
        const float* x, const float* dy, const float* w, float offset, const float* inverse, int width, float* dx) {
    rms_norm_backward_any(x, dy, w, offset, inverse, width, dx, (float*)nullptr);
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_backward_bf16(
        const float* x, const bf16* dy, const float* w, float offset, const float* inverse, int width, float* dx, bf16* cast) {
    rms_norm_backward_any(x, dy, w, offset, inverse, width, dx, cast);
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_backward_heads_bf16(
        const bf16* x, const bf16* dy, const float* w, float offset, const float* inverse, int width, bf16* dx) {
    rms_norm_backward_any(x, dy, w, offset, inverse, width, dx, (bf16*)nullptr);
}
