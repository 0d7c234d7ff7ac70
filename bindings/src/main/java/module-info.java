/** Raw bindings to the CUDA libraries over the Foreign Function &amp; Memory API, the lookup that finds those libraries, and a thin layer of owned handles. */
module dev.crane.bindings {
    exports dev.crane.bindings;
    exports dev.crane.cuda;
}
