#include "launch.h"

#include <atomic>
#include <cstring>
#include <mutex>

#include "../driver/abi.h"
#include "fault.h"
#include "options.h"
#include "pool.h"
#include "random.h"

namespace crane::soft {

static constexpr uint64_t THREADS_WORTH_SHARING = 2048; // below, waking another thread of the operating system costs more than it saves

int Launch::run(Memory &memory) const {
    const CraneSoftKernel &kernel = *function->kernel;
    std::string name = std::string("kernel ") + kernel.name;
    std::vector<Memory::Block *> touched;
    for (unsigned i = 0; i < kernel.parameterCount; i++) {
        if (!kernel.parameters[i].pointer)
            continue;
        char *address;
        memcpy(&address, arguments.data() + kernel.parameters[i].offset, sizeof address);
        if (!address)
            continue;
        Memory::Block *block = memory.around(address);
        std::string why;
        if (!block || block->state == Memory::State::PENDING) {
            memory.accessible(address, 1, why);
            report(name + ": parameter " + std::to_string(i) + ": " + why);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        touched.push_back(block);
    }

    uint64_t count = static_cast<uint64_t>(blocks.x) * blocks.y * blocks.z;
    uint64_t seed = Random::mix(static_cast<uint64_t>(Options::get().seed.load()), number);
    uint64_t first = Random(seed).next() % count; // blocks begin somewhere, and go on from there
    bool backwards = seed & 1;
    Pool &pool = Pool::get();
    uint64_t threadCount = count * threads.x * threads.y * threads.z;
    auto workers = static_cast<unsigned>(std::min<uint64_t>(threadCount < THREADS_WORTH_SHARING ? 1 : pool.size(), count));
    for (unsigned w = 0; w < workers; w++)
        function->module->of(w);

    std::atomic<uint64_t> taken{0};
    std::mutex lock;
    Failure failure;
    uint64_t failedBlock = ~0ull;
    size_t which = static_cast<size_t>(function->kernel - function->module->of(0).kernels);
    pool.run(workers, [&](unsigned w) {
        const CraneSoftModule &module = function->module->of(w);
        Worker &worker = Pool::get().worker(w);
        Grid grid{kernel.name, module.kernels[which].invoke, arguments.data(), module.link, module.sharedBegin, module.sharedEnd, blocks,
                threads, dynamicShared, seed};
        FaultGuard guard;
        for (uint64_t i; (i = taken++) < count;) {
            uint64_t block = (backwards ? first + count - i : first + i) % count;
            if (!worker.run(grid, block) || (i + workers >= count && !worker.stacksIntact())) {
                std::lock_guard<std::mutex> hold(lock);
                if (block < failedBlock) {
                    failedBlock = block;
                    failure = worker.failure;
                }
                break;
            }
        }
    });
    if (failure.code) {
        report(failure.report);
        return failure.code;
    }
    bool intact = true;
    for (Memory::Block *block : touched)
        intact &= memory.checkBlock(*block, name);
    return intact ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_ADDRESS;
}

} // namespace crane::soft
