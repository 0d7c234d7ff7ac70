// Mathematical functions, conversions, bit counts and integer atomics of CUDA C++, over the compiler's own builtins.
//
// A GPU's functions differ from these in the last bit or two; fused multiply-adds are formed by the compiler as nvcc forms them.
#ifndef CRANE_SOFT_MATH_H
#define CRANE_SOFT_MATH_H

#define CRANE_SOFT_MATH1(name)                                                                                                             \
    static inline float name##f(float x) { return __builtin_##name##f(x); }                                                                \
    static inline double name(double x) { return __builtin_##name(x); }                                                                    \
    static inline float name(float x) { return __builtin_##name##f(x); }
#define CRANE_SOFT_MATH2(name)                                                                                                             \
    static inline float name##f(float x, float y) { return __builtin_##name##f(x, y); }                                                    \
    static inline double name(double x, double y) { return __builtin_##name(x, y); }                                                       \
    static inline float name(float x, float y) { return __builtin_##name##f(x, y); }

CRANE_SOFT_MATH1(exp)
CRANE_SOFT_MATH1(exp2)
CRANE_SOFT_MATH1(expm1)
CRANE_SOFT_MATH1(log)
CRANE_SOFT_MATH1(log2)
CRANE_SOFT_MATH1(log10)
CRANE_SOFT_MATH1(log1p)
CRANE_SOFT_MATH1(sqrt)
CRANE_SOFT_MATH1(cbrt)
CRANE_SOFT_MATH1(sin)
CRANE_SOFT_MATH1(cos)
CRANE_SOFT_MATH1(tan)
CRANE_SOFT_MATH1(tanh)
CRANE_SOFT_MATH1(sinh)
CRANE_SOFT_MATH1(cosh)
CRANE_SOFT_MATH1(atan)
CRANE_SOFT_MATH1(erf)
CRANE_SOFT_MATH1(erfc)
CRANE_SOFT_MATH1(fabs)
CRANE_SOFT_MATH1(floor)
CRANE_SOFT_MATH1(ceil)
CRANE_SOFT_MATH1(trunc)
CRANE_SOFT_MATH1(round)
CRANE_SOFT_MATH1(rint)
CRANE_SOFT_MATH2(pow)
CRANE_SOFT_MATH2(fmax)
CRANE_SOFT_MATH2(fmin)
CRANE_SOFT_MATH2(fmod)
CRANE_SOFT_MATH2(copysign)
CRANE_SOFT_MATH2(atan2)
#undef CRANE_SOFT_MATH1
#undef CRANE_SOFT_MATH2

static inline float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
static inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline float ldexpf(float x, int e) { return __builtin_ldexpf(x, e); }
static inline void sincosf(float x, float *sine, float *cosine) { *sine = __builtin_sinf(x), *cosine = __builtin_cosf(x); }
static inline float rsqrtf(float x) { return 1.f / __builtin_sqrtf(x); }
static inline double rsqrt(double x) { return 1. / __builtin_sqrt(x); }
static inline float exp10f(float x) { return __builtin_powf(10.f, x); }
static inline float normcdff(float x) { return 0.5f * __builtin_erfcf(-0.70710678118654752f * x); }
static inline bool isnan(float x) { return __builtin_isnan(x); }
static inline bool isinf(float x) { return __builtin_isinf(x); }
static inline bool isfinite(float x) { return __builtin_isfinite(x); }
static inline bool isnan(double x) { return __builtin_isnan(x); }
static inline bool isinf(double x) { return __builtin_isinf(x); }
static inline bool isfinite(double x) { return __builtin_isfinite(x); }
static inline bool signbit(float x) { return __builtin_signbit(x); }

static inline float __expf(float x) { return __builtin_expf(x); }
static inline float __logf(float x) { return __builtin_logf(x); }
static inline float __log2f(float x) { return __builtin_log2f(x); }
static inline float __sinf(float x) { return __builtin_sinf(x); }
static inline float __cosf(float x) { return __builtin_cosf(x); }
static inline float __powf(float x, float y) { return __builtin_powf(x, y); }
static inline float __fdividef(float x, float y) { return x / y; }
static inline float __frcp_rn(float x) { return 1.f / x; }
static inline float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
static inline float __frsqrt_rn(float x) { return 1.f / __builtin_sqrtf(x); }
static inline float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
// Operations that must not be fused with others: the barrier hides the product from the compiler.
#if defined(__x86_64__)
#define CRANE_SOFT_OPAQUE(x) asm("" : "+x"(x))
#elif defined(__aarch64__)
#define CRANE_SOFT_OPAQUE(x) asm("" : "+w"(x))
#else
#define CRANE_SOFT_OPAQUE(x) asm("" : "+m"(x))
#endif
static inline float __fmul_rn(float x, float y) {
    float product = x * y;
    CRANE_SOFT_OPAQUE(product);
    return product;
}
static inline float __fadd_rn(float x, float y) {
    CRANE_SOFT_OPAQUE(x);
    CRANE_SOFT_OPAQUE(y);
    return x + y;
}
static inline float __fsub_rn(float x, float y) { return __fadd_rn(x, -y); }
static inline float __fdiv_rn(float x, float y) { return x / y; }

static inline int abs(int x) { return x < 0 ? -x : x; }
static inline long long llabs(long long x) { return x < 0 ? -x : x; }
template <class T> constexpr T min(T a, T b) { return b < a ? b : a; }
template <class T> constexpr T max(T a, T b) { return a < b ? b : a; }
static inline float min(float a, float b) { return __builtin_fminf(a, b); } // of a NaN and a number the number, as on a GPU
static inline float max(float a, float b) { return __builtin_fmaxf(a, b); }
static inline double min(double a, double b) { return __builtin_fmin(a, b); }
static inline double max(double a, double b) { return __builtin_fmax(a, b); }
static inline unsigned min(unsigned a, int b) { return min(a, (unsigned)b); }
static inline unsigned min(int a, unsigned b) { return min((unsigned)a, b); }
static inline unsigned max(unsigned a, int b) { return max(a, (unsigned)b); }
static inline unsigned max(int a, unsigned b) { return max((unsigned)a, b); }
static inline long long min(long long a, int b) { return min(a, (long long)b); }
static inline long long min(int a, long long b) { return min((long long)a, b); }
static inline long long max(long long a, int b) { return max(a, (long long)b); }
static inline long long max(int a, long long b) { return max((long long)a, b); }

template <class To, class From> static inline To crane_soft_bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}
static inline unsigned __float_as_uint(float x) { return crane_soft_bits<unsigned>(x); }
static inline int __float_as_int(float x) { return crane_soft_bits<int>(x); }
static inline float __uint_as_float(unsigned x) { return crane_soft_bits<float>(x); }
static inline float __int_as_float(int x) { return crane_soft_bits<float>(x); }
static inline long long __double_as_longlong(double x) { return crane_soft_bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return crane_soft_bits<double>(x); }
static inline float __int2float_rn(int x) { return (float)x; }
static inline int __float2int_rn(float x) { return (int)__builtin_rintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }

static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline unsigned __brev(unsigned x) {
    unsigned y = 0;
    for (int i = 0; i < 32; i++)
        y |= (x >> i & 1) << (31 - i);
    return y;
}

template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T __ldcs(const T *p) { return *p; }
template <class T> static inline T __ldcg(const T *p) { return *p; }
template <class T> static inline void __stcs(T *p, T x) { *p = x; }
template <class T> static inline void __stcg(T *p, T x) { *p = x; }

// Integer atomics alone: a floating-point sum by atomics has an order that nobody chose, so it is not to be had.
#define CRANE_SOFT_ATOMICS(type)                                                                                                           \
    static inline type atomicAdd(type *p, type x) { return __atomic_fetch_add(p, x, __ATOMIC_RELAXED); }                                   \
    static inline type atomicOr(type *p, type x) { return __atomic_fetch_or(p, x, __ATOMIC_RELAXED); }                                     \
    static inline type atomicAnd(type *p, type x) { return __atomic_fetch_and(p, x, __ATOMIC_RELAXED); }                                   \
    static inline type atomicExch(type *p, type x) { return __atomic_exchange_n(p, x, __ATOMIC_RELAXED); }                                 \
    static inline type atomicCAS(type *p, type expected, type x) {                                                                         \
        __atomic_compare_exchange_n(p, &expected, x, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);                                           \
        return expected;                                                                                                                   \
    }                                                                                                                                      \
    static inline type atomicMax(type *p, type x) {                                                                                        \
        type old = *p;                                                                                                                     \
        while (old < x && !__atomic_compare_exchange_n(p, &old, x, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}                           \
        return old;                                                                                                                        \
    }                                                                                                                                      \
    static inline type atomicMin(type *p, type x) {                                                                                        \
        type old = *p;                                                                                                                     \
        while (x < old && !__atomic_compare_exchange_n(p, &old, x, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}                           \
        return old;                                                                                                                        \
    }
CRANE_SOFT_ATOMICS(int)
CRANE_SOFT_ATOMICS(unsigned)
CRANE_SOFT_ATOMICS(unsigned long long)
#undef CRANE_SOFT_ATOMICS
float atomicAdd(float *, float) = delete;
double atomicAdd(double *, double) = delete;

extern "C" int printf(const char *, ...);

#endif
