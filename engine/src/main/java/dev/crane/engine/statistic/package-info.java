/** What is kept of per-sample unit scores while they stream by: mergeable moments, and the samples that drive a unit most. */
package dev.crane.engine.statistic;
