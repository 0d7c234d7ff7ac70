/** Masks and statistics in other forms: CSV, tensors, Parquet, the neuron files of other projects. */
package dev.crane.analysis.exchange;
