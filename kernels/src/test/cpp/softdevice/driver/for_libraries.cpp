#include "for_libraries.h"

#include <algorithm>
#include <atomic>

#include "../device/options.h"
#include "../device/pool.h"
#include "state.h"

namespace crane::soft {

CUresult contextStatus() { return Call().status; }

CUresult enqueueWork(CUstream handle, const std::string &name, std::function<int()> run) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    call.state.enqueue(stream, name, std::move(run));
    return CUDA_SUCCESS;
}

bool mayTouch(const void *address, size_t bytes, std::string &why) { return State::get().memory.accessible(address, bytes, why); }

void inParallel(unsigned count, const std::function<void(unsigned)> &task) {
    std::atomic<unsigned> taken{0};
    Pool &pool = Pool::get();
    pool.run(std::min(count, pool.size()), [&](unsigned) {
        for (unsigned i; (i = taken++) < count;)
            task(i);
    });
}

void say(const std::string &line) { report(line); }

} // namespace crane::soft
