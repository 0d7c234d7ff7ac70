/**
 * The backend on an NVIDIA GPU: matrix products by cuBLASLt, everything else by the kernels of {@link dev.crane.kernels}.
 *
 * <p>
 * One stream computes, another copies weights. Ops only enqueue; the host waits where a value is downloaded. A tensor gets its memory, and its element
 * type, when the first op writes it: under {@link dev.crane.engine.backend.Precision#BF16} what enters or leaves a matrix product is bf16, the residual stream, its
 * gradient, statistics and sums are f32.
 */
package dev.crane.engine.backend.cuda;
