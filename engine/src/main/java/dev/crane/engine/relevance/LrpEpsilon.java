package dev.crane.engine.relevance;

/**
 * LRP-ε (Bach et al. 2015, doi:10.1371/journal.pone.0130140, eq. 58) at linear layers z_j = Σ_i x_i w_ij + b_j: R_i = Σ_j x_i w_ij / (z_j + ε·sign z_j) · R_j,
 * with ε = 0.01 and sign 0 = 1: the gradient that goes back through W is δ_j · z_j / (z_j + ε·sign z_j). Everything else as AttnLRP, whose own layers are
 * this with ε → 0. The vocabulary matrix keeps ε = 0 (LRP-0, as Montavon et al. 2019 recommend for the last layer). Twin of {@code rules/lrp-epsilon.cuh}.
 */
final class LrpEpsilon extends AttnLrp {
    private static final float EPSILON = 0.01f;

    @Override
    public String name() {
        return "lrp-epsilon";
    }

    @Override
    public String description() {
        return "LRP-ε at linear layers (Bach et al. 2015), ε = 0.01; everything else as attnlrp.";
    }

    @Override
    public float linear(float z, float gradient) {
        return gradient * z / (z + (z < 0 ? -EPSILON : EPSILON));
    }

    @Override
    public boolean linearChanges() {
        return true;
    }
}
