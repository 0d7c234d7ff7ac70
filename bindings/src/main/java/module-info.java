/** Raw bindings to the CUDA libraries over the Foreign Function &amp; Memory API, and the lookup that finds those libraries. */
module dev.crane.bindings {
    exports dev.crane.bindings;
}
