/** Benchmarks, with the peers' numbers beside ours. Each checks a result against the peer's before it times it. */
package dev.crane.bench;
