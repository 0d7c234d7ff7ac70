// What forward and backward attention share: shapes, which keys a query sees, scores.
//
// Tensors: q, out [N, heads·head_dim], k, v [keys, kv_heads·head_dim], log_sum_exp [N, heads] f32 (natural logarithm). Query head h reads key/value head
// h / (heads/kv_heads). Sequence b has the query rows offsets[b] to offsets[b + 1] − 1 and the keys key_starts[b] to key_starts[b] + key_lengths[b] − 1; its
// queries are its last tokens: query t has position key_lengths[b] − queries + t, and sees key positions p − window < j ≤ p.
//     score = scale·q·k;  with a softcap: cap·tanh(score/cap);  with ALiBi: + slopes[h]·(j − p)
// Tiles of queries and keys begin at the first of the sequence, so a sequence gives the same bits in every batch.
#ifndef CRANE_ATTENTION_CUH
#define CRANE_ATTENTION_CUH

#include "crane.cuh"

struct AttentionShape {
    int heads, kv_heads, head_dim, window; // window 0: none
    float scale, softcap;                  // softcap 0: none
    const float* slopes;                   // [heads] of ALiBi, or null
};

// One sequence, as a block sees it.
struct Sequence {
    int first_query, queries;
    long long first_key;
    int keys, shift; // position of query t is t + shift
};

CRANE_DEVICE Sequence sequence(const int* offsets, const int* key_starts, const int* key_lengths, int b) {
    Sequence s;
    s.first_query = offsets[b];
    s.queries = offsets[b + 1] - offsets[b];
    s.first_key = key_starts == nullptr ? offsets[b] : key_starts[b];
    s.keys = key_lengths == nullptr ? s.queries : key_lengths[b];
    s.shift = s.keys - s.queries;
    return s;
}

CRANE_DEVICE bool sees(const AttentionShape& shape, int position, int key) {
    return key <= position && (shape.window == 0 || key > position - shape.window);
}

// First key that the query at a position sees.
CRANE_DEVICE int first_key(const AttentionShape& shape, int position) {
    int first = shape.window == 0 ? 0 : position - shape.window + 1;
    return first > 0 ? first : 0;
}

// A score before masking, from q·k; `capped` is tanh(score/cap), for the backward.
template <bool precise> CRANE_DEVICE float score(const AttentionShape& shape, float slope, float dot, int position, int key, float& capped) {
    float s = shape.scale * dot;
    capped = 0.f;
    if (shape.softcap > 0.f) {
        capped = precise ? tanhf(s / shape.softcap) : fast_tanh(s * fast_reciprocal(shape.softcap));
        s = shape.softcap * capped;
    }
    return shape.slopes == nullptr ? s : s + slope * (float)(key - position);
}

// e^x.
template <bool precise> CRANE_DEVICE float exponential(float x) { return precise ? expf(x) : fast_exp2(LOG2_E * x); }

#endif
