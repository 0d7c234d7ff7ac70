// CP-LRP (Ali et al. 2022, arXiv:2202.07304): attention probabilities, norms and SiLU(gate) count as constants. Conserves relevance exactly on models
// without biases. What each function means stands in gradient.cuh.
#ifndef CRANE_RULE_CUH
#define CRANE_RULE_CUH

namespace rule {

__device__ inline float norm(float g, float x, float mean) { return g; }
constexpr bool norm_reads_input = false;

__device__ inline float activation(float x, float y, float ratio, float derivative) { return ratio; }

__device__ inline float gate(float product, float act, float up) { return 0.f * product * up; }
__device__ inline float up(float product, float act, float up) { return product * act; }

constexpr float attention_query = 0.f;
constexpr float attention_key = 0.f;
constexpr float attention_value = 1.f;

__device__ inline float softcap(float ratio, float derivative) { return ratio; }

__device__ inline float linear(float z, float gradient) { return gradient; }
constexpr bool linear_changes = false;

} // namespace rule

#endif
