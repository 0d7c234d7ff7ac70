/** The transformer engine: tensors, backends, the decoder's forward and backward pass, hooks, relevance rules, streaming statistics. */
module dev.crane.engine {
    requires transitive dev.crane.kernels;
    requires java.compiler;
    requires jdk.incubator.vector;

    exports dev.crane.engine;
    exports dev.crane.engine.backend;
    exports dev.crane.engine.backend.cpu;
    exports dev.crane.engine.backend.cuda;
    exports dev.crane.engine.backend.reference;
    exports dev.crane.engine.bench;
    exports dev.crane.engine.check;
    exports dev.crane.engine.decoder;
    exports dev.crane.engine.file;
    exports dev.crane.engine.hook;
    exports dev.crane.engine.profile;
    exports dev.crane.engine.relevance;
    exports dev.crane.engine.statistic;
    exports dev.crane.engine.tensor;

    uses dev.crane.engine.relevance.Rule;
}
