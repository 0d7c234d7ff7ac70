// One score's part in attention's backward. With P the probability, dP = dout·v, D = Σ dout·out:
//     dS = P · (dP − D) · f,   f = 1, or with a softcap rule::softcap(capped/score, 1 − tanh²)
#ifndef CRANE_ATTENTION_GRADIENT_CUH
#define CRANE_ATTENTION_GRADIENT_CUH

#include "attention.cuh"
#include "rule.cuh"

// Whether the rule wants gradients of query and key at all.
constexpr bool SCORES_HAVE_GRADIENT = rule::attention_query != 0.f || rule::attention_key != 0.f;

// P and dS of one score, 0 where the query does not see the key.
template <bool precise>
CRANE_DEVICE void score_gradient(const AttentionShape& shape, float slope, bool seen, float dot, int position, int key, float log_sum_exp, float dp,
                                 float delta, float& p, float& ds) {
    p = ds = 0.f;
    if (!seen)
        return;
    float tanh, s = score<precise>(shape, slope, dot, position, key, tanh);
    p = exponential<precise>(s - log_sum_exp);
    if (!SCORES_HAVE_GRADIENT)
        return;
    ds = p * (dp - delta);
    if (shape.softcap > 0.f) {
        float before = shape.scale * dot;
        ds *= rule::softcap(before == 0.f ? 1.f : shape.softcap * tanh / before, 1.f - tanh * tanh);
    }
}

#endif
