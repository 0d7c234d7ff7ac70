// How the device behaves, and what it has to say.
//
// Options come from the environment variable CRANE_SOFT_DEVICE ("seed=3,deferred=0") or from crane_soft_device_set, at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace crane::soft {

struct Options {
    std::atomic<int64_t> seed{1};           // orders of warps, blocks and streams
    std::atomic<int64_t> deferred{1};       // 1: work runs only when something waits for it; 0: at once
    std::atomic<int64_t> workers{0};        // threads of the operating system that run blocks; 0: as many as there are cores, up to 4
    std::atomic<int64_t> memory{4ll << 30}; // bytes of device memory
    std::atomic<int64_t> driver{13000};     // the CUDA version that the driver is made for
    std::atomic<int64_t> devices{1};        // 0: the driver finds none
    std::atomic<int64_t> capability{90};    // compute capability, 10 times
    std::atomic<int64_t> quiet{0};          // 1: reports are kept, and not written to stderr as well

    static Options &get();

    std::atomic<int64_t> *find(const std::string &name);

private:
    Options();
};

// What went wrong since the last clearing, one line each.
void report(const std::string &line);

} // namespace crane::soft
