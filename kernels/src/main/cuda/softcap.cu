// Softcap, in place: x = cap · tanh(x / cap), and its backward: gradient ×= rule::softcap at the value before the cap.
//
// `count` elements; logits f32 or bf16. Launch: a thread per 16 bytes, 256 threads a block. Bound by bytes: 8 an element in f32.
#include "crane.cuh"
#include "rule.cuh"

template <class T> CRANE_DEVICE void softcap(T* x, const T* raw, long long count, float cap, bool backward) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    auto one = [&](float value, float before) {
        float tanh = tanhf((backward ? before : value) / cap);
        if (!backward)
            return cap * tanh;
        float ratio = before == 0.f ? 1.f : cap * tanh / before;
        return value * rule::softcap(ratio, 1.f - tanh * tanh);
    };
    if (at + V <= count && whole_vectors<V>(V, x, raw)) {
        float a[V], b[V] = {};
        load_vector(x + at, a);
        if (backward)
            load_vector(raw + at, b);
#pragma unroll
        for (int i = 0; i < V; i++)
            a[i] = one(a[i], b[i]);
        store_vector(x + at, a);
    } else
        for (long long i = at; i < at + V && i < count; i++)
            store(x + i, one(to_float(x[i]), backward ? to_float(raw[i]) : 0.f));
}

extern "C" __global__ void __launch_bounds__(256) softcap_f32(float* x, long long count, float cap) { softcap<float>(x, nullptr, count, cap, false); }

extern "C" __global__ void __launch_bounds__(256) softcap_bf16(bf16* x, long long count, float cap) { softcap<bf16>(x, nullptr, count, cap, false); }

extern "C" __global__ void __launch_bounds__(256) softcap_backward_f32(float* gradient, const float* raw, long long count, float cap) {
    softcap(gradient, raw, count, cap, true);
}

extern "C" __global__ void __launch_bounds__(256) softcap_backward_bf16(bf16* gradient, const bf16* raw, long long count, float cap) {
    softcap(gradient, raw, count, cap, true);
}
