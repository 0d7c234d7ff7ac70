// Finds the kernels in preprocessed CUDA C++, and takes out of the text what g++ cannot read.
#pragma once

#include <string>
#include <vector>

namespace crane::soft {

struct ScannedKernel {
    std::string name, maxThreads; // an expression; "1024" where the kernel has no launch bounds
};

struct Scan {
    std::string text; // without __global__ and __launch_bounds__(...), line for line as before
    std::vector<ScannedKernel> kernels;
};

Scan scanKernels(const std::string &preprocessed);

} // namespace crane::soft
