// What the libraries beside the driver (cuBLASLt, cuBLAS) ask of it.
#pragma once

#include <functional>
#include <string>

#include "abi.h"

#define CRANE_SOFT_SHARED __attribute__((visibility("default")))

namespace crane::soft {

// Whether a context is current on the calling thread and whole; otherwise the CUresult.
CRANE_SOFT_SHARED CUresult contextStatus();

// Enqueues work; a CUresult. What `run` answers breaks the context if it is not 0.
CRANE_SOFT_SHARED CUresult enqueueWork(CUstream stream, const std::string &name, std::function<int()> run);

// Only within work that runs: whether the device may touch these bytes, and why not.
CRANE_SOFT_SHARED bool mayTouch(const void *address, size_t bytes, std::string &why);

// Only within work that runs: calls `task` for each index below `count`, on all workers.
CRANE_SOFT_SHARED void inParallel(unsigned count, const std::function<void(unsigned)> &task);

CRANE_SOFT_SHARED void say(const std::string &line);

} // namespace crane::soft
