// Turns a fault of a kernel (a wild address, a division by zero) into a failed launch instead of the end of the process. All other faults
// go to whoever handled them before, such as a Java virtual machine, which needs its own.
#pragma once

#include <memory>

namespace crane::soft {

// While one is alive the calling thread may run kernels: signals find a stack of their own even when a kernel's is spoiled.
class FaultGuard {
public:
    FaultGuard();
    ~FaultGuard();
    FaultGuard(const FaultGuard &) = delete;

private:
    void *stack = nullptr;
    bool mine = false;
};

} // namespace crane::soft
