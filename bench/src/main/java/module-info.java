/** Micro-benchmarks and whole-pass benchmarks. */
module dev.crane.bench {
    requires dev.crane.cli;
    requires dev.crane.analysis;
}
