/** CUDA kernels and their launchers, one for each op. */
package dev.crane.kernels;
