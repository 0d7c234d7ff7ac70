/** CUDA kernels and their launchers. */
module dev.crane.kernels {
    requires transitive dev.crane.bindings;

    exports dev.crane.kernels;
}
