// LRP-γ at linear layers z = W·x + b (Montavon et al. 2019), beside the products with W and |W|.
//
// absolute:    out = |x|.
// add_signed:  sum += sign(x) · value, with sign 0 = 0.
// gamma:       in place, s the sign of z: m = max(0, ½(s·(z − b) + magnitudes)), c = gradient · |z| / (|z| + γ·m), 0 where z is 0; gradient becomes
//              (1 + γ/2) · c, magnitudes becomes s · γ/2 · c. bias [columns], f32, or null.
//
// `count` elements. Launch: a thread per 16 bytes, 256 threads a block. Bound by bytes, in bf16: 4, 8 and 10 an element.
#include "crane.cuh"

template <class T> CRANE_DEVICE void absolute(const T* x, T* out, long long count) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    if (at + V <= count && whole_vectors<V>(V, x, out)) {
        float a[V];
        load_vector(x + at, a);
#pragma unroll
        for (int i = 0; i < V; i++)
            a[i] = fabsf(a[i]);
        store_vector(out + at, a);
    } else
        for (long long i = at; i < at + V && i < count; i++)
            store(out + i, fabsf(to_float(x[i])));
}

// Of 0 and NaN it is themselves.
CRANE_DEVICE float sign_of(float x) { return x > 0.f ? 1.f : x < 0.f ? -1.f : x; }

template <class T> CRANE_DEVICE void add_signed(const T* x, const T* value, T* sum, long long count) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    if (at + V <= count && whole_vectors<V>(V, x, value, sum)) {
        float a[V], b[V], c[V];
        load_vector(x + at, a), load_vector(value + at, b), load_vector(sum + at, c);
#pragma unroll
        for (int i = 0; i < V; i++)
            c[i] += sign_of(a[i]) * b[i];
        store_vector(sum + at, c);
    } else
        for (long long i = at; i < at + V && i < count; i++)
            store(sum + i, to_float(sum[i]) + sign_of(to_float(x[i])) * to_float(value[i]));
}

CRANE_DEVICE void split(float z, float bias, float gamma, float& gradient, float& magnitudes) {
    float sign = z < 0.f ? -1.f : 1.f;
    float size = fabsf(z);
    float of_its_sign = 0.5f * (sign * (z - bias) + magnitudes);
    of_its_sign = of_its_sign < 0.f ? 0.f : of_its_sign; // by rounding alone; a NaN stays one
    float c = gradient * (size == 0.f ? 0.f : size / (size + gamma * of_its_sign));
    gradient = (1.f + 0.5f * gamma) * c;
    magnitudes = sign * (0.5f * gamma) * c;
}

template <class T> CRANE_DEVICE void gamma_rule(const T* z, const float* bias, int columns, float gamma, T* gradient, T* magnitudes, long long count) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    if (at + V <= count && whole_vectors<V>(V, z, gradient, magnitudes)) {
        float a[V], g[V], m[V];
        load_vector(z + at, a), load_vector(gradient + at, g), load_vector(magnitudes + at, m);
        int column = (int)(at % columns);
#pragma unroll
        for (int i = 0; i < V; i++) {
            split(a[i], bias ? bias[column] : 0.f, gamma, g[i], m[i]);
            column = column + 1 == columns ? 0 : column + 1;
        }
        store_vector(gradient + at, g), store_vector(magnitudes + at, m);
    } else
        for (long long i = at; i < at + V && i < count; i++) {
            float g = to_float(gradient[i]), m = to_float(magnitudes[i]);
            split(to_float(z[i]), bias ? bias[i % columns] : 0.f, gamma, g, m);
            store(gradient + i, g), store(magnitudes + i, m);
        }
}

extern "C" __global__ void __launch_bounds__(256) absolute_f32(const float* x, float* out, long long count) { absolute(x, out, count); }

extern "C" __global__ void __launch_bounds__(256) absolute_bf16(const bf16* x, bf16* out, long long count) { absolute(x, out, count); }

extern "C" __global__ void __launch_bounds__(256) add_signed_f32(const float* x, const float* value, float* sum, long long count) {
    add_signed(x, value, sum, count);
}

extern "C" __global__ void __launch_bounds__(256) add_signed_bf16(const bf16* x, const bf16* value, bf16* sum, long long count) {
    add_signed(x, value, sum, count);
}

extern "C" __global__ void __launch_bounds__(256)
    gamma_f32(const float* z, const float* bias, int columns, float gamma, float* gradient, float* magnitudes, long long count) {
    gamma_rule(z, bias, columns, gamma, gradient, magnitudes, count);
}

extern "C" __global__ void __launch_bounds__(256)
    gamma_bf16(const bf16* z, const float* bias, int columns, float gamma, bf16* gradient, bf16* magnitudes, long long count) {
    gamma_rule(z, bias, columns, gamma, gradient, magnitudes, count);
}
