// A test is a function with a name; it says what it expects, and the program says which tests failed and where.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "api.h"

namespace test {

struct Case {
    const char *name;
    void (*run)();
    bool diesUnderSanitizer; // a fault that AddressSanitizer answers by ending the process with its own report
};

std::vector<Case> &cases();

struct Register {
    Register(const char *name, void (*run)(), bool dies = false) { cases().push_back({name, run, dies}); }
};

// Fails the running test.
[[noreturn]] void fail(const char *file, int line, const std::string &what);

#define EXPECT(condition)                                                                                                                  \
    do {                                                                                                                                   \
        if (!(condition))                                                                                                                  \
            test::fail(__FILE__, __LINE__, "not " #condition);                                                                             \
    } while (0)
#define CUDA(call)                                                                                                                         \
    do {                                                                                                                                   \
        CUresult status_ = (call);                                                                                                         \
        if (status_)                                                                                                                       \
            test::fail(__FILE__, __LINE__, #call " answers " + std::to_string(status_) + "\n" + crane_soft_device_report());               \
    } while (0)
#define TEST(name)                                                                                                                         \
    static void name();                                                                                                                    \
    static test::Register register_##name(#name, name);                                                                                    \
    static void name()
#define TEST_THAT_DIES(name)                                                                                                               \
    static void name();                                                                                                                    \
    static test::Register register_##name(#name, name, true);                                                                              \
    static void name()

// All reports since the test began.
inline std::string reports() { return crane_soft_device_report(); }
inline bool reported(const std::string &what) { return reports().find(what) != std::string::npos; }

// Compiles a source; the image. Fails the test with the log if it does not compile.
std::string compile(const std::string &source, const std::vector<std::string> &options = {});
// The log of a source that must not compile.
std::string compileError(const std::string &source);

// The device, for the length of a test: context, one module.
class Device {
public:
    explicit Device(const std::string &source = "", const std::vector<std::string> &options = {});
    ~Device();

    CUfunction function(const char *name);
    // Launches, waits; what the wait answers.
    CUresult run(const char *name, unsigned blocks, unsigned threads, std::vector<void *> arguments, unsigned shared = 0);

    CUmodule module = nullptr;
};

template <class T> struct Buffer {
    CUdeviceptr address = 0;
    size_t count;
    bool given = false;

    explicit Buffer(size_t n) : count(n) { CUDA(cuMemAlloc_v2(&address, n * sizeof(T))); }
    explicit Buffer(const std::vector<T> &values) : Buffer(values.size()) {
        CUDA(cuMemcpyHtoD_v2(address, values.data(), count * sizeof(T)));
    }
    Buffer(const Buffer &) = delete;
    ~Buffer() { cuMemFree_v2(address); }
    std::vector<T> read() {
        std::vector<T> values(count);
        CUDA(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)));
        return values;
    }
};

} // namespace test
