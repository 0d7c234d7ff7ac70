// A grid of blocks, run on the workers.
#pragma once

#include <string>
#include <vector>

#include "memory.h"
#include "module.h"

namespace crane::soft {

struct Launch {
    Function *function;
    CraneSoftIndex blocks, threads;
    unsigned dynamicShared;
    std::vector<char> arguments;
    uint64_t number; // of the launches so far: with the seed it chooses the order of warps and blocks

    // Runs it; 0, or a CUresult that has been reported.
    int run(Memory &memory) const;
};

} // namespace crane::soft
