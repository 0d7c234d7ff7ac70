// The workers, and the threads of the operating system they run on. Worker 0 is whoever calls.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "worker.h"

namespace crane::soft {

class Pool {
public:
    static Pool &get(); // one for the process; never destroyed, since threads may still run when the process ends

    unsigned size() const;

    // Calls `task(i)` for i below `count`, each once, on up to `workers` workers, and returns when all are done. Only under the device's
    // lock.
    void run(unsigned workers, const std::function<void(unsigned index)> &task);

    Worker &worker(unsigned index);

private:
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::thread> threads;
    std::mutex lock;
    std::condition_variable wake, done;
    const std::function<void(unsigned)> *task = nullptr;
    uint64_t round = 0;
    unsigned wanted = 0, running = 0;

    void serve(unsigned index);
};

} // namespace crane::soft
