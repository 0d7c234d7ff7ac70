// Interventions at one hook point, applied where the tensor is made (dev.crane.engine.backend.UnitEdits): row t of sequence b becomes
//     clamp(scale[u] · x + offset[u], low[u], high[u])
// with the edit of its sequence, and stays as it is where the sequence has none. A batch may mix many edits: each row looks up its own.
//
// Masks, the common case, come as bitmaps instead of four tables: 1 bit a unit. The result has the same bits as scale 0, offset 0 (NaN stays NaN).
#ifndef CRANE_EDITS_CUH
#define CRANE_EDITS_CUH

#include "crane.cuh"

struct UnitEdits {
    const int* of_row;      // [N] index of each row's edit, −1 for none; null: no row has one
    const unsigned* zeroed; // [edits, ⌈width/32⌉] bit u of a row: unit u becomes 0; null: the tables below
    const float* scale;     // [edits, width], as the other three
    const float* offset;
    const float* low;
    const float* high;
};

// The edit of one row.
struct RowEdit {
    const unsigned* zeroed;
    const float *scale, *offset, *low, *high;
    bool any;
};

CRANE_DEVICE RowEdit edit_of_row(const UnitEdits& edits, int row, int width) {
    RowEdit edit{};
    int index = edits.of_row == nullptr ? -1 : edits.of_row[row];
    edit.any = index >= 0;
    if (!edit.any)
        return edit;
    if (edits.zeroed != nullptr)
        edit.zeroed = edits.zeroed + (long long)index * ((width + 31) / 32);
    else {
        long long at = (long long)index * width;
        edit.scale = edits.scale + at, edit.offset = edits.offset + at, edit.low = edits.low + at, edit.high = edits.high + at;
    }
    return edit;
}

// The edited value of unit u. The bounds are compared so that a NaN passes through.
CRANE_DEVICE float edited(const RowEdit& edit, float x, int u) {
    if (edit.zeroed != nullptr)
        return edit.zeroed[u / 32] >> (u % 32) & 1 ? __fmaf_rn(0.f, x, 0.f) : x;
    float y = __fmaf_rn(edit.scale[u], x, edit.offset[u]);
    y = y < edit.low[u] ? edit.low[u] : y;
    return y > edit.high[u] ? edit.high[u] : y;
}

// The gradient before the edit, from that behind it and the edited value: × scale, and 0 where the value lies on a bound.
CRANE_DEVICE float edited_gradient(const RowEdit& edit, float gradient, float value, int u) {
    if (edit.zeroed != nullptr)
        return edit.zeroed[u / 32] >> (u % 32) & 1 ? 0.f * gradient : gradient;
    return value == edit.low[u] || value == edit.high[u] ? 0.f : gradient * edit.scale[u];
}

// Edits of V units from `at`; units behind the row's end stay as they are.
template <int V> CRANE_DEVICE void apply(const RowEdit& edit, int at, int width, float (&x)[V]) {
    if (edit.any)
#pragma unroll
        for (int i = 0; i < V; i++)
            if (at + i < width)
                x[i] = edited(edit, x[i], at + i);
}

template <int V> CRANE_DEVICE void apply_backward(const RowEdit& edit, int at, int width, const float (&value)[V], float (&gradient)[V]) {
    if (edit.any)
#pragma unroll
        for (int i = 0; i < V; i++)
            if (at + i < width)
                gradient[i] = edited_gradient(edit, gradient[i], value[i], at + i);
}

#endif
