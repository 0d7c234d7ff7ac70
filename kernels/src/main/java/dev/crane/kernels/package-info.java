/** CUDA kernels and their launchers, one for each op; none so far. */
package dev.crane.kernels;
