#include "state.h"

#include "../device/options.h"

namespace crane::soft {

State &State::get() {
    static State *state = new State; // never destroyed: a call may come as late as the end of the process
    return *state;
}

std::vector<CUcontext> &contexts() {
    static thread_local std::vector<CUcontext> stack;
    return stack;
}

Call::Call(bool needsContext) : state(State::get()), status(0), hold(state.lock) {
    if (!state.initialised)
        status = CUDA_ERROR_NOT_INITIALIZED;
    else if (needsContext && (contexts().empty() || !contexts().back()))
        status = CUDA_ERROR_INVALID_CONTEXT;
    else if (needsContext && state.retained == 0)
        status = CUDA_ERROR_CONTEXT_IS_DESTROYED;
    else if (needsContext)
        status = state.error;
}

Stream *State::stream(CUstream handle) {
    if (reinterpret_cast<uintptr_t>(handle) <= 2)
        return scheduler.defaultStream();
    Stream *stream = static_cast<Stream *>(handle);
    return scheduler.has(stream) ? stream : nullptr;
}

std::shared_ptr<Work> State::enqueue(Stream *on, std::string name, std::function<int()> run) {
    return scheduler.enqueue(on, std::move(name), [this, run = std::move(run)] {
        if (!error)
            error = run();
    });
}

int State::waited() {
    if (memory.findDamage("") && !error)
        error = CUDA_ERROR_ILLEGAL_ADDRESS;
    return error;
}

void State::end() {
    scheduler.waitForAll();
    waited();
    if (!error) { // after an error nothing could be given back
        for (const Memory::Block *block : memory.all())
            report("leaked: " + describe(*block));
        for (auto &stream : scheduler.all())
            if (stream->serial)
                report("leaked: stream " + std::to_string(stream->serial));
        if (!events.empty())
            report("leaked: " + std::to_string(events.size()) + " events");
        if (!modules.empty())
            report("leaked: " + std::to_string(modules.size()) + " modules, among them the one of kernel "
                    + (modules[0]->functions.empty() ? "?" : modules[0]->functions[0]->kernel->name));
    }
    scheduler.clear();
    for (Event *event : events)
        delete event;
    events.clear();
    modules.clear();
    memory.clear();
    releaseThreshold = 0;
    error = 0;
}

} // namespace crane::soft
