// Compiled kernels: the image that the run-time compiler hands out, and its loaded copies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../kernel/crane_soft_link.h"

namespace crane::soft {

// An image is this header with a shared library behind it.
struct ImageHeader {
    char magic[8]; // "CRANESD1"
    unsigned long long bytes;
    static constexpr char MAGIC[] = "CRANESD1";
};

struct Module;

struct Function {
    Module *module;
    const CraneSoftKernel *kernel;
    unsigned staticShared;
    int dynamicSharedLimit;
};

struct Module {
    std::string image;
    struct Copy {
        int file = -1;
        void *library = nullptr;
        const CraneSoftModule *module = nullptr;
    };
    std::vector<Copy> copies; // one for each worker that has run a kernel of it
    std::vector<std::unique_ptr<Function>> functions;

    // 0 or a CUresult; the text says more.
    static int load(const void *image, std::unique_ptr<Module> &result, std::string &why);

    // This worker's copy.
    const CraneSoftModule &of(unsigned worker);

    ~Module();

private:
    Copy open(std::string &why);
};

} // namespace crane::soft
