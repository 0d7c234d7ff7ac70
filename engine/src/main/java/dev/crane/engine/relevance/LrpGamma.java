package dev.crane.engine.relevance;

/**
 * LRP-γ (Montavon et al. 2019, "Layer-wise relevance propagation: an overview", doi:10.1007/978-3-030-28954-6_10) at linear layers z_j = Σ_i x_i w_ij + b_j, in
 * the form for inputs of both signs: R_i = Σ_j (x_i w_ij + γ·(x_i w_ij)^s) / (z_j + γ·Σ_i (x_i w_ij)^s) · R_j, where v^s is v if it has the sign of z_j and
 * else 0; γ = 0.25. Everything else as AttnLRP; the vocabulary matrix keeps γ = 0. Twin of {@code rules/lrp-gamma.cuh}.
 */
final class LrpGamma extends AttnLrp {
    private static final float GAMMA = 0.25f;

    @Override
    public String name() {
        return "lrp-gamma";
    }

    @Override
    public String description() {
        return "LRP-γ at linear layers (Montavon et al. 2019), γ = 0.25; everything else as attnlrp.";
    }

    @Override
    public float gamma() {
        return GAMMA;
    }
}
