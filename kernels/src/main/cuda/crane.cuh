// What every kernel shares: element types, vector access, sums over a warp and over a block.
//
// Compiled by nvcc, by NVRTC (without any CUDA header) and, for the software device, by g++ through a shim that defines CRANE_SOFT_DEVICE. What only a
// GPU has stands under CRANE_GPU, with the same mathematics in plain C++ beside it.
//
// Tensors are row-major and dense. Rows may have any width: kernels have a path of 16-byte accesses for rows that are a whole number of such
// pieces, and one of single elements for all others; the choice is the same for the whole grid. Element counts are kept in 64 bits.
#ifndef CRANE_CUH
#define CRANE_CUH

#if defined(__CUDA_ARCH__) && !defined(CRANE_SOFT_DEVICE)
#define CRANE_GPU 1
#endif

#ifndef CRANE_SOFT_DEVICE
// One block of dynamic shared memory, 16-byte aligned, seen as an array of `type`.
#define CRANE_DYNAMIC_SHARED(type, name)    \
    extern __shared__ uint4 crane_shared[]; \
    type* const name = reinterpret_cast<type*>(crane_shared)
#endif

#define CRANE_DEVICE static __device__ __forceinline__

constexpr unsigned FULL_WARP = 0xffffffffu;
constexpr float LOG2_E = 1.4426950408889634f;
constexpr float LN_2 = 0.6931471805599453f;

CRANE_DEVICE float infinity() { return __uint_as_float(0x7f800000u); }

// Neither NaN nor infinite.
CRANE_DEVICE bool is_finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

// ---- element types: stored as bits, computed in f32 ----

struct bf16 {
    unsigned short bits;
};
struct f16 {
    unsigned short bits;
};

CRANE_DEVICE float to_float(float x) { return x; }

CRANE_DEVICE float to_float(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }

CRANE_DEVICE float to_float(f16 x) {
#ifdef CRANE_GPU
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
#else
    unsigned sign = (unsigned)(x.bits & 0x8000u) << 16, magnitude = x.bits & 0x7fffu;
    if (magnitude >= 0x7c00u) // infinity, NaN
        return __uint_as_float(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x0400u) // normal: exponent bias 15 becomes 127
        return __uint_as_float(sign | ((magnitude << 13) + (112u << 23)));
    return __uint_as_float(sign | __float_as_uint((float)magnitude * 5.9604644775390625e-8f)); // subnormal: units of 2^-24
#endif
}

// Two bf16 in one word, `low` in the lower half: round to nearest, ties to even; NaN stays NaN.
CRANE_DEVICE unsigned bf16_pair(float low, float high) {
#ifdef CRANE_GPU
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    unsigned word[2] = {__float_as_uint(low), __float_as_uint(high)};
    for (int i = 0; i < 2; i++)
        word[i] = (word[i] & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (word[i] + 0x7fffu + (word[i] >> 16 & 1)) >> 16;
    return word[0] | word[1] << 16;
#endif
}

CRANE_DEVICE void store(float* p, float x) { *p = x; }

CRANE_DEVICE void store(bf16* p, float x) { p->bits = (unsigned short)bf16_pair(x, 0.f); }

CRANE_DEVICE void store(f16* p, float x) {
#ifdef CRANE_GPU
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(p->bits) : "f"(x));
#else
    unsigned word = __float_as_uint(x), sign = word >> 16 & 0x8000u, magnitude = word & 0x7fffffffu, half;
    if (magnitude > 0x7f800000u)
        half = 0x7e00u;
    else if (magnitude >= 0x477ff000u) // 65520 and more round to infinity
        half = 0x7c00u;
    else if (magnitude >= 0x38800000u) // normal
        half = (magnitude - (112u << 23) + 0xfffu + (magnitude >> 13 & 1)) >> 13;
    else // subnormal: adding 0.5 leaves units of 2^-24, rounded to nearest even, in the low bits
        half = __float_as_uint(__uint_as_float(magnitude) + 0.5f) - 0x3f000000u;
    p->bits = (unsigned short)(sign | half);
#endif
}

// The value that is left when x is stored as a T.
template <class T> CRANE_DEVICE float rounded(float x) {
    T stored;
    store(&stored, x);
    return to_float(stored);
}

// ---- vector access: V elements at p, which is aligned to their size ----

template <int V> CRANE_DEVICE void load_vector(const float* p, float (&x)[V]) {
#pragma unroll
    for (int i = 0; i < V; i += 4) {
        float4 f = *reinterpret_cast<const float4*>(p + i);
        x[i] = f.x, x[i + 1] = f.y, x[i + 2] = f.z, x[i + 3] = f.w;
    }
}

CRANE_DEVICE void unpack(unsigned word, float& low, float& high) {
    low = __uint_as_float(word << 16);
    high = __uint_as_float(word & 0xffff0000u);
}

template <int V> CRANE_DEVICE void load_vector(const bf16* p, float (&x)[V]) {
    if constexpr (V == 4) {
        uint2 w = *reinterpret_cast<const uint2*>(p);
        unpack(w.x, x[0], x[1]), unpack(w.y, x[2], x[3]);
    } else {
#pragma unroll
        for (int i = 0; i < V; i += 8) {
            uint4 w = *reinterpret_cast<const uint4*>(p + i);
            unpack(w.x, x[i], x[i + 1]), unpack(w.y, x[i + 2], x[i + 3]), unpack(w.z, x[i + 4], x[i + 5]), unpack(w.w, x[i + 6], x[i + 7]);
        }
    }
}

template <int V> CRANE_DEVICE void load_vector(const f16* p, float (&x)[V]) {
#pragma unroll
    for (int i = 0; i < V; i += 4) {
        uint2 w = *reinterpret_cast<const uint2*>(p + i);
        x[i] = to_float(f16{(unsigned short)w.x}), x[i + 1] = to_float(f16{(unsigned short)(w.x >> 16)});
        x[i + 2] = to_float(f16{(unsigned short)w.y}), x[i + 3] = to_float(f16{(unsigned short)(w.y >> 16)});
    }
}

template <int V> CRANE_DEVICE void store_vector(float* p, const float (&x)[V]) {
#pragma unroll
    for (int i = 0; i < V; i += 4)
        *reinterpret_cast<float4*>(p + i) = float4{x[i], x[i + 1], x[i + 2], x[i + 3]};
}

template <int V> CRANE_DEVICE void store_vector(bf16* p, const float (&x)[V]) {
    if constexpr (V == 4)
        *reinterpret_cast<uint2*>(p) = uint2{bf16_pair(x[0], x[1]), bf16_pair(x[2], x[3])};
    else {
#pragma unroll
        for (int i = 0; i < V; i += 8)
            *reinterpret_cast<uint4*>(p + i) = uint4{bf16_pair(x[i], x[i + 1]), bf16_pair(x[i + 2], x[i + 3]), bf16_pair(x[i + 4], x[i + 5]),
                                                     bf16_pair(x[i + 6], x[i + 7])};
    }
}

template <int V> CRANE_DEVICE void store_vector(f16* p, const float (&x)[V]) {
#pragma unroll
    for (int i = 0; i < V; i++)
        store(p + i, x[i]);
}

// V elements from `at` of a row of `width`: one vector where `whole`, else element by element, those behind the row's end being 0 and not touched.
template <bool whole, int V, class T> CRANE_DEVICE void load(const T* row, int at, int width, float (&x)[V]) {
    if constexpr (whole)
        load_vector(row + at, x);
    else
#pragma unroll
        for (int i = 0; i < V; i++)
            x[i] = at + i < width ? to_float(row[at + i]) : 0.f;
}

template <bool whole, int V, class T> CRANE_DEVICE void store(T* row, int at, int width, const float (&x)[V]) {
    if constexpr (whole)
        store_vector(row + at, x);
    else
#pragma unroll
        for (int i = 0; i < V; i++)
            if (at + i < width)
                store(row + at + i, x[i]);
}

// How many elements of the narrower type of a kernel make 16 bytes.
template <class T> constexpr int PACKET = 16 / (int)sizeof(T);

// Whether rows of `width` elements that begin at these addresses can be read and written in vectors of V. Null pointers do not count.
template <int V> CRANE_DEVICE bool whole_vectors(int width) { return width % V == 0; }

template <int V, class T, class... More> CRANE_DEVICE bool whole_vectors(int width, const T* p, const More*... more) {
    constexpr int size = V * (int)sizeof(T) < 16 ? V * (int)sizeof(T) : 16;
    return (reinterpret_cast<unsigned long long>(p) & (size - 1)) == 0 && whole_vectors<V>(width, more...);
}

// ---- sums: always in the same order, so that the same values give the same bits ----

template <class T> CRANE_DEVICE T warp_sum(T x) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1)
        x += __shfl_xor_sync(FULL_WARP, x, step);
    return x;
}

CRANE_DEVICE float warp_max(float x) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1)
        x = fmaxf(x, __shfl_xor_sync(FULL_WARP, x, step));
    return x;
}

// Sum over all threads of a block (whole warps), given to each of them. Every thread must call it.
template <class T> CRANE_DEVICE T block_sum(T x) {
    __shared__ T partial[32];
    x = warp_sum(x);
    int warps = (int)blockDim.x / 32;
    if (warps == 1)
        return x;
    __syncthreads(); // an earlier sum may still be read
    if (threadIdx.x % 32 == 0)
        partial[threadIdx.x / 32] = x;
    __syncthreads();
    T sum = 0;
    for (int w = 0; w < warps; w++)
        sum += partial[w];
    return sum;
}

// ---- functions that a GPU has in hardware, to about 2^-22: enough where the result is rounded to bf16 ----

CRANE_DEVICE float fast_exp2(float x) {
#ifdef CRANE_GPU
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#else
    return exp2f(x);
#endif
}

CRANE_DEVICE float fast_reciprocal(float x) {
#ifdef CRANE_GPU
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#else
    return 1.f / x;
#endif
}

// tanh to about 2^-22: from the exponential, odd, without cancellation near 0 that would matter in bf16.
CRANE_DEVICE float fast_tanh(float x) {
    float e = fast_exp2(-2.f * LOG2_E * fabsf(x));
    float y = (1.f - e) * fast_reciprocal(1.f + e);
    return x < 0.f ? -y : y;
}

#endif
