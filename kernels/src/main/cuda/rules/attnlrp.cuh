// AttnLRP (Achtibat et al. 2024, arXiv:2402.05602) in the gradient form of its authors' library LXT: relevance is value × modified gradient. Norms
// divide by a constant σ, activations pass on y/x, a product's relevance is shared in halves, softmax is linearised.
// What each function means stands in gradient.cuh.
#ifndef CRANE_RULE_CUH
#define CRANE_RULE_CUH

namespace rule {

__device__ inline float norm(float g, float x, float mean) { return g; }
constexpr bool norm_reads_input = false;

__device__ inline float activation(float x, float y, float ratio, float derivative) { return ratio; }

__device__ inline float gate(float product, float act, float up) { return 0.5f * product * up; }
__device__ inline float up(float product, float act, float up) { return 0.5f * product * act; }

constexpr float attention_query = 0.25f;
constexpr float attention_key = 0.25f;
constexpr float attention_value = 0.5f;

__device__ inline float softcap(float ratio, float derivative) { return ratio; }

__device__ inline float linear(float z, float gradient) { return gradient; }
constexpr bool linear_changes = false;

} // namespace rule

#endif
