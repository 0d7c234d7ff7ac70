/** Micro-benchmarks and whole-pass benchmarks. */
module dev.crane.bench {
    requires dev.crane.cli;
    requires dev.crane.analysis;
    requires dev.crane.engine;
    requires dev.crane.models;
    requires jmh.core;
    requires jdk.incubator.vector;
    requires java.management;
}
