// The one device there is: what the calls of the driver API act on.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../device/memory.h"
#include "../device/module.h"
#include "../device/stream.h"
#include "abi.h"

namespace crane::soft {

struct State {
    std::recursive_mutex lock;
    bool initialised = false;
    int retained = 0; // how often the primary context is held
    int error = 0;    // what broke the context; every later call answers it, as on a real device
    Memory memory;
    Scheduler scheduler;
    std::vector<std::unique_ptr<Module>> modules;
    std::set<Event *> events;
    uint64_t releaseThreshold = 0;
    uint64_t launches = 0;

    static State &get();

    // The stream behind a handle (0, and the legacy and per-thread handles 1 and 2, mean the default one); null if there is none.
    Stream *stream(CUstream handle);

    // Work that is left out once the context is broken, and breaks it if it answers an error.
    std::shared_ptr<Work> enqueue(Stream *stream, std::string name, std::function<int()> run);

    // What a wait answers: also looks for damaged canaries.
    int waited();

    // Ends the primary context: waits, reports what was not given back, and forgets everything.
    void end();
};

// Holds the device for one call, and finds out whether the call may go on: `status` is not 0 if not.
class Call {
public:
    explicit Call(bool needsContext = true);
    State &state;
    int status;

private:
    std::lock_guard<std::recursive_mutex> hold;
};

// The context that is current on the calling thread, innermost last.
std::vector<CUcontext> &contexts();

} // namespace crane::soft
