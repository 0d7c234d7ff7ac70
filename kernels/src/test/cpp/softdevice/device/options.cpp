#include "options.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>

namespace crane::soft {

Options &Options::get() {
    static Options options;
    return options;
}

Options::Options() {
    const char *text = getenv("CRANE_SOFT_DEVICE");
    std::istringstream list(text ? text : "");
    for (std::string entry; std::getline(list, entry, ',');) {
        size_t equals = entry.find('=');
        std::atomic<int64_t> *option = equals == std::string::npos ? nullptr : find(entry.substr(0, equals));
        if (option)
            *option = strtoll(entry.c_str() + equals + 1, nullptr, 0);
        else
            fprintf(stderr, "software device: CRANE_SOFT_DEVICE has no option %s\n", entry.c_str());
    }
}

std::atomic<int64_t> *Options::find(const std::string &name) {
    return name == "seed"          ? &seed
            : name == "deferred"   ? &deferred
            : name == "workers"    ? &workers
            : name == "memory"     ? &memory
            : name == "driver"     ? &driver
            : name == "devices"    ? &devices
            : name == "capability" ? &capability
            : name == "quiet"      ? &quiet
                                   : nullptr;
}

static std::mutex lock;
static std::string lines;
static std::string handedOut;

void report(const std::string &line) {
    std::lock_guard<std::mutex> hold(lock);
    lines += line + "\n";
    if (!Options::get().quiet)
        fprintf(stderr, "software device: %s\n", line.c_str());
}

} // namespace crane::soft

// What tests call beside the CUDA API.
#define EXPORT extern "C" __attribute__((visibility("default")))

// Sets an option; 1 if there is one of that name.
EXPORT int crane_soft_device_set(const char *option, long long value) {
    std::atomic<int64_t> *found = crane::soft::Options::get().find(option);
    if (found)
        *found = value;
    return found != nullptr;
}

// All reports since the last clearing, a line each; valid until the next call.
EXPORT const char *crane_soft_device_report() {
    std::lock_guard<std::mutex> hold(crane::soft::lock);
    crane::soft::handedOut = crane::soft::lines;
    return crane::soft::handedOut.c_str();
}

EXPORT void crane_soft_device_clear() {
    std::lock_guard<std::mutex> hold(crane::soft::lock);
    crane::soft::lines.clear();
}
