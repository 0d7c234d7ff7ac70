// LRP-epsilon (Bach et al. 2015, doi:10.1371/journal.pone.0130140) at linear layers; everything else as attnlrp.cuh. R_i = Σ_j x_i w_ij / (z_j + ε·sign z_j) · R_j.
// What each function means stands in gradient.cuh.
#ifndef CRANE_RULE_CUH
#define CRANE_RULE_CUH

namespace rule {

constexpr float epsilon = 0.01f;

__device__ inline float norm(float g, float x, float mean) { return g; }
constexpr bool norm_reads_input = false;

__device__ inline float activation(float x, float y, float ratio, float derivative) { return ratio; }

__device__ inline float gate(float product, float act, float up) { return 0.5f * product * up; }
__device__ inline float up(float product, float act, float up) { return 0.5f * product * act; }

constexpr float attention_query = 0.25f;
constexpr float attention_key = 0.25f;
constexpr float attention_value = 0.5f;

__device__ inline float softcap(float ratio, float derivative) { return ratio; }

__device__ inline float linear(float z, float gradient) { return gradient * z / (z + (z < 0.f ? -epsilon : epsilon)); }
constexpr bool linear_changes = true;

} // namespace rule

#endif
