// The activation functions of dev.crane.engine.backend.Activation, each as a(x), a(x)/x and a′(x).
//
// `precise` computes with the correctly rounded library functions, for f32 tensors; without it exponentials and reciprocals are the hardware's (about
// 2^-22), which vanish behind the rounding to bf16. NaN stays NaN.
#ifndef CRANE_ACTIVATIONS_CUH
#define CRANE_ACTIVATIONS_CUH

#include "crane.cuh"

enum ActivationKind { SILU = 0, GELU = 1, GELU_TANH = 2, RELU = 3 };

template <bool precise> CRANE_DEVICE float sigmoid(float x) {
    if (precise)
        return 1.f / (1.f + expf(-x)); // exp may be infinite: then 0
    return fast_reciprocal(1.f + fast_exp2(-LOG2_E * x));
}

// What a function needs of x: a(x)/x, at 0 its limit (0 for ReLU), and a′(x).
struct ActivationParts {
    float ratio, derivative;
};

template <int kind, bool precise> CRANE_DEVICE ActivationParts activation_parts(float x) {
    if constexpr (kind == SILU) {
        float s = sigmoid<precise>(x);
        return {s, s * __fmaf_rn(x, 1.f - s, 1.f)};
    } else if constexpr (kind == GELU) {
        float cdf = 0.5f * erfcf(-0.70710678118654752f * x); // Φ, accurate in the lower tail too
        float density = 0.39894228040143268f * (precise ? expf(-0.5f * x * x) : fast_exp2(-0.5f * LOG2_E * x * x));
        return {cdf, __fmaf_rn(x, density, cdf)};
    } else if constexpr (kind == GELU_TANH) {
        constexpr float scale = 0.79788456080286536f, cubic = 0.044715f; // √(2/π)
        float s = sigmoid<precise>(2.f * scale * x * __fmaf_rn(cubic * x, x, 1.f)); // = (1 + tanh(…))/2
        float inner = 2.f * scale * __fmaf_rn(3.f * cubic * x, x, 1.f);
        return {s, __fmaf_rn(x * s * (1.f - s), inner, s)};
    } else {
        float step = x > 0.f ? 1.f : x == x ? 0.f : x;
        return {step, step};
    }
}

template <int kind> CRANE_DEVICE float activation_value(float x, const ActivationParts& parts) {
    if (kind == RELU)
        return x > 0.f ? x : parts.ratio;
    return x * parts.ratio;
}

#endif
