#include "pool.h"

#include <algorithm>

#include "options.h"

namespace crane::soft {

Pool &Pool::get() {
    static Pool *pool = new Pool;
    return *pool;
}

unsigned Pool::size() const {
    int64_t wish = Options::get().workers;
    return wish > 0 ? static_cast<unsigned>(std::min<int64_t>(wish, 64)) : std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
}

Worker &Pool::worker(unsigned index) {
    while (workers.size() <= index)
        workers.push_back(std::make_unique<Worker>());
    return *workers[index];
}

void Pool::run(unsigned count, const std::function<void(unsigned)> &job) {
    if (count > 1) {
        worker(count - 1);
        std::unique_lock<std::mutex> hold(lock);
        while (threads.size() + 1 < count) {
            unsigned index = static_cast<unsigned>(threads.size()) + 1;
            threads.emplace_back([this, index] { serve(index); });
        }
        task = &job;
        wanted = count;
        running = count - 1;
        round++;
        wake.notify_all();
    }
    job(0);
    if (count > 1) {
        std::unique_lock<std::mutex> hold(lock);
        done.wait(hold, [this] { return running == 0; });
    }
}

void Pool::serve(unsigned index) {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> hold(lock);
    for (;;) {
        wake.wait(hold, [&] { return round != seen; });
        seen = round;
        if (index >= wanted)
            continue;
        const std::function<void(unsigned)> *job = task;
        hold.unlock();
        (*job)(index);
        hold.lock();
        if (--running == 0)
            done.notify_one();
    }
}

} // namespace crane::soft
