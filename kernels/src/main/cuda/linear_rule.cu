// What a rule changes at a linear layer z = W·x: gradient = rule::linear(z, gradient), in place, before the product with W. Run only for rules with
// rule::linear_changes.
//
// `count` elements. Launch: a thread per 16 bytes, 256 threads a block. Bound by bytes: 6 an element in bf16.
#include "crane.cuh"
#include "rule.cuh"

template <class T> CRANE_DEVICE void linear_rule(const T* z, T* gradient, long long count) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    if (at + V <= count && whole_vectors<V>(V, z, gradient)) {
        float a[V], g[V];
        load_vector(z + at, a), load_vector(gradient + at, g);
#pragma unroll
        for (int i = 0; i < V; i++)
            g[i] = rule::linear(a[i], g[i]);
        store_vector(gradient + at, g);
    } else
        for (long long i = at; i < at + V && i < count; i++)
            store(gradient + i, rule::linear(to_float(z[i]), to_float(gradient[i])));
}

extern "C" __global__ void __launch_bounds__(256) linear_rule_f32(const float* z, float* gradient, long long count) { linear_rule(z, gradient, count); }

extern "C" __global__ void __launch_bounds__(256) linear_rule_bf16(const bf16* z, bf16* gradient, long long count) { linear_rule(z, gradient, count); }
