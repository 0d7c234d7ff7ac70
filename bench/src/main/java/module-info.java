/** Micro-benchmarks and whole-pass benchmarks. */
module dev.crane.bench {
    requires dev.crane.cli;
    requires dev.crane.analysis;
    requires dev.crane.engine;
    requires jmh.core;
    requires jdk.incubator.vector;
    requires java.management;
}
