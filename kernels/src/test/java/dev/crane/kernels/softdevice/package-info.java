/**
 * Tests of the software device: a CUDA driver, cuBLAS(Lt) and NVRTC in C++ under {@code src/test/cpp/softdevice}, which run kernels on the processor and
 * look for what is wrong in them.
 */
package dev.crane.kernels.softdevice;
