// The plain gradient: relevance is gradient × activation. Nothing is modified.
//
// This file is also the list of what a rule may change. A backward kernel includes one rule as "rule.cuh" and calls these functions where the chain rule
// would stand; their Java twin is dev.crane.engine.relevance.Rule; docs/write-a-rule.md tells how to add one.
#ifndef CRANE_RULE_CUH
#define CRANE_RULE_CUH

namespace rule {

// Norms: what 1/σ times gives the gradient of the input. g is the gradient of the normalised row element by element, x the normalised value, mean the
// mean over the row of g·x. (A LayerNorm's subtraction of the mean is differentiated under every rule.)
__device__ inline float norm(float g, float x, float mean) { return g - x * mean; }

// Whether `norm` reads x or mean; if not, the forward input is not read at all.
constexpr bool norm_reads_input = true;

// Activations y = a(x): what stands for a′(x). ratio is a(x)/x in its closed form (SiLU: sigmoid, GELU: Φ), which needs no ε.
__device__ inline float activation(float x, float y, float ratio, float derivative) { return derivative; }

// gate × up: the gradient of the activation and that of the up side, from that of their product.
__device__ inline float gate(float product, float act, float up) { return product * up; }
__device__ inline float up(float product, float act, float up) { return product * act; }

// Attention: factors on the gradients of query, key and value, behind rotary positions and head norms; with query and key 0 the probabilities count as
// constants and nothing is computed for them.
constexpr float attention_query = 1.f;
constexpr float attention_key = 1.f;
constexpr float attention_value = 1.f;

// Tanh softcap y = cap·tanh(x/cap): what stands for its derivative. ratio is y/x, 1 at 0.
__device__ inline float softcap(float ratio, float derivative) { return derivative; }

// Linear layers z = W·x: the gradient that is taken back through W, from the output and its gradient.
__device__ inline float linear(float z, float gradient) { return gradient; }

// Whether `linear` does anything; if not, no kernel is run for it.
constexpr bool linear_changes = false;

} // namespace rule

#endif
