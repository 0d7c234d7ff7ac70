// Backward of gated_activation. With act = a(gate), edited, and n the gradient of the edited neuron taken back through its edits:
//     dgate = rule::activation(gate) · [rule::gate(n, act, up) taken back through the edits of act],   dup = rule::up(n, act, up)
//
// All [rows, width]; gradient, AttnLRP and CP-LRP stand in rules/. dgate may be dneuron's or gate's memory, dup that of up or dneuron, as each
// thread reads its elements before it writes them.
// Launch: a thread per 16 bytes, 256 threads a block.
// Bound by bytes: three tensors read, two written: 10 an element in bf16; 4,096 × 11,008: 451 MB, 105 µs at 4.3 TB/s.
#include "activations.cuh"
#include "edits.cuh"
#include "rule.cuh"

template <class T, int kind, bool whole>
CRANE_DEVICE void gated_backward(const T* gate, const T* up, const T* dneuron, int rows, int width, const UnitEdits& act_edits,
                                 const UnitEdits& neuron_edits, T* dgate, T* dup) {
    constexpr int V = PACKET<T>;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int row = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (row >= rows)
        return;
    long long begin = (long long)row * width;
    float g[V], u[V], n[V], factor[V], a[V];
    load<whole>(gate + begin, at, width, g);
    load<whole>(up + begin, at, width, u);
    load<whole>(dneuron + begin, at, width, n);
#pragma unroll
    for (int i = 0; i < V; i++) {
        ActivationParts parts = activation_parts<kind, sizeof(T) == 4>(g[i]);
        a[i] = activation_value<kind>(g[i], parts);
        factor[i] = rule::activation(g[i], a[i], parts.ratio, parts.derivative);
    }
    RowEdit act_edit = edit_of_row(act_edits, row, width), neuron_edit = edit_of_row(neuron_edits, row, width);
    apply(act_edit, at, width, a);
    if (neuron_edit.any) {
        float neuron[V];
#pragma unroll
        for (int i = 0; i < V; i++)
            neuron[i] = a[i] * u[i];
        apply(neuron_edit, at, width, neuron);
        apply_backward(neuron_edit, at, width, neuron, n);
    }
#pragma unroll
    for (int i = 0; i < V; i++) {
        g[i] = rule::gate(n[i], a[i], u[i]);
        u[i] = rule::up(n[i], a[i], u[i]);
    }
    apply_backward(act_edit, at, width, a, g);
#pragma unroll
    for (int i = 0; i < V; i++)
        g[i] *= factor[i];
    store<whole>(dgate + begin, at, width, g);
    store<whole>(dup + begin, at, width, u);
}

template <class T, bool whole>
CRANE_DEVICE void gated_backward_kind(const T* gate, const T* up, const T* dneuron, int rows, int width, int activation, const UnitEdits& act_edits,
                                      const UnitEdits& neuron_edits, T* dgate, T* dup) {
    if (activation == SILU)
        gated_backward<T, SILU, whole>(gate, up, dneuron, rows, width, act_edits, neuron_edits, dgate, dup);
    else if (activation == GELU)
        gated_backward<T, GELU, whole>(gate, up, dneuron, rows, width, act_edits, neuron_edits, dgate, dup);
    else if (activation == GELU_TANH)
        gated_backward<T, GELU_TANH, whole>(gate, up, dneuron, rows, width, act_edits, neuron_edits, dgate, dup);
    else
        gated_backward<T, RELU, whole>(gate, up, dneuron, rows, width, act_edits, neuron_edits, dgate, dup);
}

template <class T> CRANE_DEVICE void gated_backward_any(const T* gate, const T* up, const T* dneuron, int rows, int width, int activation,
                                                        const UnitEdits& act_edits, const UnitEdits& neuron_edits, T* dgate, T* dup) {
    if (whole_vectors<PACKET<T>>(width, gate, up, dneuron, dgate, dup))
        gated_backward_kind<T, true>(gate, up, dneuron, rows, width, activation, act_edits, neuron_edits, dgate, dup);
    else
        gated_backward_kind<T, false>(gate, up, dneuron, rows, width, activation, act_edits, neuron_edits, dgate, dup);
}

extern "C" __global__ void __launch_bounds__(256)
gated_activation_backward_f32(const float* gate, const float* up, const float* dneuron, int rows, int width, int activation, UnitEdits act_edits,
                              UnitEdits neuron_edits, float* dgate, float* dup) {
    gated_backward_any(gate, up, dneuron, rows, width, activation, act_edits, neuron_edits, dgate, dup);
}

extern "C" __global__ void __launch_bounds__(256)
gated_activation_backward_bf16(const bf16* gate, const bf16* up, const bf16* dneuron, int rows, int width, int activation, UnitEdits act_edits,
                               UnitEdits neuron_edits, bf16* dgate, bf16* dup) {
    gated_backward_any(gate, up, dneuron, rows, width, activation, act_edits, neuron_edits, dgate, dup);
}
