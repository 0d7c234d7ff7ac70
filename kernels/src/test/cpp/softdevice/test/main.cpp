// Runs all tests, or those whose names are given; prints a line for each. With "--list" prints the names, those that end the process under
// AddressSanitizer with a star.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "test.h"

namespace test {

std::vector<Case> &cases() {
    static std::vector<Case> all;
    return all;
}

struct Failed {
    std::string what;
};

void fail(const char *file, int line, const std::string &what) {
    throw Failed{std::string(file) + ":" + std::to_string(line) + ": " + what};
}

static int compile(const std::string &source, const std::vector<std::string> &options, std::string &image, std::string &log) {
    void *program;
    if (nvrtcCreateProgram(&program, source.c_str(), "test.cu", 0, nullptr, nullptr))
        fail(__FILE__, __LINE__, "nvrtcCreateProgram");
    std::vector<const char *> all{"--gpu-architecture=sm_90"};
    for (auto &option : options)
        all.push_back(option.c_str());
    int status = nvrtcCompileProgram(program, static_cast<int>(all.size()), all.data());
    size_t bytes;
    nvrtcGetProgramLogSize(program, &bytes);
    log.resize(bytes);
    nvrtcGetProgramLog(program, log.data());
    if (!status) {
        nvrtcGetCUBINSize(program, &bytes);
        image.resize(bytes);
        nvrtcGetCUBIN(program, image.data());
    }
    nvrtcDestroyProgram(&program);
    return status;
}

std::string compile(const std::string &source, const std::vector<std::string> &options) {
    static std::map<std::pair<std::string, std::vector<std::string>>, std::string> compiled;
    std::string &image = compiled[{source, options}], log;
    if (image.empty() && compile(source, options, image, log))
        fail(__FILE__, __LINE__, "does not compile:\n" + log);
    return image;
}

std::string compileError(const std::string &source) {
    std::string image, log;
    if (!compile(source, {}, image, log))
        fail(__FILE__, __LINE__, "compiles");
    return log;
}

Device::Device(const std::string &source, const std::vector<std::string> &options) {
    std::string image = source.empty() ? "" : compile(source, options);
    CUDA(cuInit(0));
    CUcontext context;
    CUDA(cuDevicePrimaryCtxRetain(&context, 0));
    CUDA(cuCtxSetCurrent(context));
    if (!image.empty())
        CUDA(cuModuleLoadData(&module, image.data()));
}

Device::~Device() {
    if (module)
        cuModuleUnload(module);
    cuDevicePrimaryCtxRelease_v2(0);
}

CUfunction Device::function(const char *name) {
    CUfunction function;
    CUDA(cuModuleGetFunction(&function, module, name));
    return function;
}

CUresult Device::run(const char *name, unsigned blocks, unsigned threads, std::vector<void *> arguments, unsigned shared) {
    CUDA(cuLaunchKernel(function(name), blocks, 1, 1, threads, 1, 1, shared, nullptr, arguments.data(), nullptr));
    return cuCtxSynchronize();
}

} // namespace test

int main(int count, char **arguments) {
    bool list = count == 2 && !strcmp(arguments[1], "--list");
    crane_soft_device_set("quiet", 1);
    int failed = 0;
    for (const test::Case &one : test::cases()) {
        bool chosen = count == 1;
        for (int i = 1; i < count; i++)
            chosen |= !strcmp(arguments[i], one.name);
        if (list)
            printf("%s%s\n", one.name, one.diesUnderSanitizer ? " *" : "");
#ifdef __SANITIZE_ADDRESS__
        if (one.diesUnderSanitizer && count == 1)
            continue;
#endif
        if (!chosen || list)
            continue;
        crane_soft_device_clear();
        crane_soft_device_set("seed", 1);
        crane_soft_device_set("deferred", 1);
        crane_soft_device_set("workers", 0);
        crane_soft_device_set("memory", 1ll << 30);
        try {
            one.run();
            printf("ok %s\n", one.name);
        } catch (const test::Failed &failure) {
            printf("FAILED %s: %s\n", one.name, failure.what.c_str());
            failed = 1;
        }
        fflush(stdout);
    }
    return failed;
}
