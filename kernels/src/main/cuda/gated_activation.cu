// Gated activation: act = a(gate), edited; neuron = act · up, edited. All [rows, width].
//
// act may be null when nobody reads it. Edits (edits.cuh) are those at mlp.act and at mlp.neuron. The activation is chosen for the whole grid.
// Launch: a thread per 16 bytes, 256 threads a block.
// Bound by bytes: gate and up read, neuron written: 6 an element in bf16; 4,096 × 11,008: 271 MB, 63 µs at 4.3 TB/s.
#include "activations.cuh"
#include "edits.cuh"

template <class T, int kind, bool whole>
CRANE_DEVICE void gated(const T* gate, const T* up, int rows, int width, const UnitEdits& act_edits, const UnitEdits& neuron_edits, T* act, T* neuron) {
    constexpr int V = PACKET<T>;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int row = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (row >= rows)
        return;
    long long begin = (long long)row * width;
    float g[V], u[V];
    load<whole>(gate + begin, at, width, g);
    load<whole>(up + begin, at, width, u);
#pragma unroll
    for (int i = 0; i < V; i++)
        g[i] = activation_value<kind>(g[i], activation_parts<kind, sizeof(T) == 4>(g[i]));
    apply(edit_of_row(act_edits, row, width), at, width, g);
    if (act != nullptr)
        store<whole>(act + begin, at, width, g);
#pragma unroll
    for (int i = 0; i < V; i++)
        u[i] *= g[i];
    apply(edit_of_row(neuron_edits, row, width), at, width, u);
    store<whole>(neuron + begin, at, width, u);
}

template <class T, bool whole> CRANE_DEVICE void gated_kind(const T* gate, const T* up, int rows, int width, int activation,
                                                            const UnitEdits& act_edits, const UnitEdits& neuron_edits, T* act, T* neuron) {
    if (activation == SILU)
        gated<T, SILU, whole>(gate, up, rows, width, act_edits, neuron_edits, act, neuron);
    else if (activation == GELU)
        gated<T, GELU, whole>(gate, up, rows, width, act_edits, neuron_edits, act, neuron);
    else if (activation == GELU_TANH)
        gated<T, GELU_TANH, whole>(gate, up, rows, width, act_edits, neuron_edits, act, neuron);
    else
        gated<T, RELU, whole>(gate, up, rows, width, act_edits, neuron_edits, act, neuron);
}

template <class T> CRANE_DEVICE void gated_any(const T* gate, const T* up, int rows, int width, int activation, const UnitEdits& act_edits,
                                               const UnitEdits& neuron_edits, T* act, T* neuron) {
    if (whole_vectors<PACKET<T>>(width, gate, up, act, neuron))
        gated_kind<T, true>(gate, up, rows, width, activation, act_edits, neuron_edits, act, neuron);
    else
        gated_kind<T, false>(gate, up, rows, width, activation, act_edits, neuron_edits, act, neuron);
}

extern "C" __global__ void __launch_bounds__(256)
gated_activation_f32(const float* gate, const float* up, int rows, int width, int activation, UnitEdits act_edits, UnitEdits neuron_edits,
                     float* act, float* neuron) {
    gated_any(gate, up, rows, width, activation, act_edits, neuron_edits, act, neuron);
}

extern "C" __global__ void __launch_bounds__(256)
gated_activation_bf16(const bf16* gate, const bf16* up, int rows, int width, int activation, UnitEdits act_edits, UnitEdits neuron_edits,
                      bf16* act, bf16* neuron) {
    gated_any(gate, up, rows, width, activation, act_edits, neuron_edits, act, neuron);
}
