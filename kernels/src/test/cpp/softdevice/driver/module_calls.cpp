// Modules, functions and launches.
#include <algorithm>
#include <cstring>

#include "../device/launch.h"
#include "../device/options.h"
#include "state.h"

using namespace crane::soft;

static constexpr unsigned SHARED_ON_REQUEST = 227 << 10;

static Module *moduleOf(State &state, CUmodule handle) {
    for (auto &module : state.modules)
        if (module.get() == handle)
            return module.get();
    return nullptr;
}

static Function *functionOf(State &state, CUfunction handle) {
    for (auto &module : state.modules)
        for (auto &function : module->functions)
            if (function.get() == handle)
                return function.get();
    return nullptr;
}

CRANE_SOFT_API CUresult cuModuleLoadData(CUmodule *result, const void *image) {
    Call call;
    if (call.status)
        return call.status;
    if (!image)
        return CUDA_ERROR_INVALID_VALUE;
    std::unique_ptr<Module> module;
    std::string why;
    if (int status = Module::load(image, module, why)) {
        if (status != CUDA_ERROR_NO_BINARY_FOR_GPU) // that one is an answer, not a fault
            report("cuModuleLoadData: " + why);
        return status;
    }
    *result = module.get();
    call.state.modules.push_back(std::move(module));
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuModuleLoadDataEx(CUmodule *result, const void *image, unsigned, int *, void **) {
    return cuModuleLoadData(result, image);
}

CRANE_SOFT_API CUresult cuModuleUnload(CUmodule handle) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    State &state = call.state;
    if (!moduleOf(state, handle))
        return CUDA_ERROR_INVALID_HANDLE;
    state.scheduler.waitForAll();
    state.modules.erase(std::find_if(state.modules.begin(), state.modules.end(), [&](auto &m) { return m.get() == handle; }));
    return call.status;
}

CRANE_SOFT_API CUresult cuModuleGetFunction(CUfunction *result, CUmodule handle, const char *name) {
    Call call;
    if (call.status)
        return call.status;
    Module *module = moduleOf(call.state, handle);
    if (!module)
        return CUDA_ERROR_INVALID_HANDLE;
    for (auto &function : module->functions)
        if (!strcmp(function->kernel->name, name)) {
            *result = function.get();
            return CUDA_SUCCESS;
        }
    return CUDA_ERROR_NOT_FOUND;
}

CRANE_SOFT_API CUresult cuModuleGetGlobal_v2(CUdeviceptr *, size_t *, CUmodule, const char *) { return CUDA_ERROR_NOT_FOUND; }

CRANE_SOFT_API CUresult cuModuleGetFunctionCount(unsigned *count, CUmodule handle) {
    Call call;
    Module *module = moduleOf(call.state, handle);
    if (!module)
        return CUDA_ERROR_INVALID_HANDLE;
    *count = static_cast<unsigned>(module->functions.size());
    return call.status;
}

CRANE_SOFT_API CUresult cuModuleEnumerateFunctions(CUfunction *functions, unsigned count, CUmodule handle) {
    Call call;
    Module *module = moduleOf(call.state, handle);
    if (!module)
        return CUDA_ERROR_INVALID_HANDLE;
    for (unsigned i = 0; i < count && i < module->functions.size(); i++)
        functions[i] = module->functions[i].get();
    return call.status;
}

CRANE_SOFT_API CUresult cuFuncGetName(const char **name, CUfunction handle) {
    Call call;
    Function *function = functionOf(call.state, handle);
    if (!function)
        return CUDA_ERROR_INVALID_HANDLE;
    *name = function->kernel->name;
    return call.status;
}

CRANE_SOFT_API CUresult cuFuncGetParamInfo(CUfunction handle, size_t index, size_t *offset, size_t *bytes) {
    Call call;
    if (call.status)
        return call.status;
    Function *function = functionOf(call.state, handle);
    if (!function)
        return CUDA_ERROR_INVALID_HANDLE;
    if (index >= function->kernel->parameterCount)
        return CUDA_ERROR_INVALID_VALUE;
    *offset = function->kernel->parameters[index].offset;
    if (bytes)
        *bytes = function->kernel->parameters[index].size;
    return CUDA_SUCCESS;
}

enum FunctionAttribute {
    MAX_THREADS,
    SHARED_BYTES,
    CONST_BYTES,
    LOCAL_BYTES,
    REGISTERS,
    PTX_VERSION,
    BINARY_VERSION,
    CACHE_MODE,
    MAX_DYNAMIC_SHARED
};

CRANE_SOFT_API CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction handle) {
    Call call;
    if (call.status)
        return call.status;
    Function *function = functionOf(call.state, handle);
    if (!function)
        return CUDA_ERROR_INVALID_HANDLE;
    switch (attribute) {
    case MAX_THREADS:
        *value = static_cast<int>(function->kernel->maxThreads);
        return CUDA_SUCCESS;
    case SHARED_BYTES:
        *value = static_cast<int>(function->staticShared);
        return CUDA_SUCCESS;
    case REGISTERS:
        *value = 32;
        return CUDA_SUCCESS;
    case PTX_VERSION:
    case BINARY_VERSION:
        *value = 90;
        return CUDA_SUCCESS;
    case MAX_DYNAMIC_SHARED:
        *value = function->dynamicSharedLimit;
        return CUDA_SUCCESS;
    }
    *value = 0;
    return attribute >= 0 && attribute < 16 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CRANE_SOFT_API CUresult cuFuncSetAttribute(CUfunction handle, int attribute, int value) {
    Call call;
    if (call.status)
        return call.status;
    Function *function = functionOf(call.state, handle);
    if (!function)
        return CUDA_ERROR_INVALID_HANDLE;
    if (attribute == MAX_DYNAMIC_SHARED) {
        if (value < 0 || static_cast<unsigned>(value) + function->staticShared > SHARED_ON_REQUEST)
            return CUDA_ERROR_INVALID_VALUE;
        function->dynamicSharedLimit = value;
    }
    return attribute >= MAX_DYNAMIC_SHARED && attribute < 16 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CRANE_SOFT_API CUresult cuFuncSetCacheConfig(CUfunction, int) { return CUDA_SUCCESS; }

CRANE_SOFT_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction handle, int threads, size_t dynamicShared) {
    Call call;
    if (call.status)
        return call.status;
    Function *function = functionOf(call.state, handle);
    if (!function)
        return CUDA_ERROR_INVALID_HANDLE;
    if (threads < 1)
        return CUDA_ERROR_INVALID_VALUE;
    size_t shared = dynamicShared + function->staticShared + 1024; // each block has a kilobyte reserved
    *blocks = static_cast<int>(std::min<size_t>({2048u / static_cast<unsigned>(threads), (228u << 10) / shared, 32}));
    return CUDA_SUCCESS;
}

static CUresult refuse(const Function *function, const std::string &why, CUresult status) {
    report(std::string("kernel ") + function->kernel->name + ": not launched: " + why);
    return status;
}

CRANE_SOFT_API CUresult cuLaunchKernel(CUfunction handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
        unsigned shared, CUstream streamHandle, void **parameters, void **extra) {
    Call call;
    if (call.status)
        return call.status;
    State &state = call.state;
    Function *function = functionOf(state, handle);
    Stream *stream = state.stream(streamHandle);
    if (!function || !stream)
        return CUDA_ERROR_INVALID_HANDLE;
    const CraneSoftKernel &kernel = *function->kernel;
    if (!gx || !gy || !gz || gx > 0x7fffffff || gy > 65535 || gz > 65535)
        return refuse(function, "a grid of " + std::to_string(gx) + " x " + std::to_string(gy) + " x " + std::to_string(gz) + " blocks",
                CUDA_ERROR_INVALID_VALUE);
    uint64_t threads = static_cast<uint64_t>(bx) * by * bz;
    if (!threads || threads > 1024 || bx > 1024 || by > 1024 || bz > 64)
        return refuse(function, std::to_string(threads) + " threads in a block", CUDA_ERROR_INVALID_VALUE);
    if (threads > kernel.maxThreads)
        return refuse(function,
                std::to_string(threads) + " threads in a block, its launch bounds allow " + std::to_string(kernel.maxThreads),
                CUDA_ERROR_INVALID_VALUE);
    if (shared > static_cast<unsigned>(function->dynamicSharedLimit))
        return refuse(function,
                std::to_string(shared) + " bytes of dynamic shared memory, allowed are " + std::to_string(function->dynamicSharedLimit)
                        + " (more by CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)",
                CUDA_ERROR_INVALID_VALUE);
    Launch launch{function, {gx, gy, gz}, {bx, by, bz}, shared, std::vector<char>(kernel.parameterBytes + 1), state.launches++};
    if (extra) { // a list: 1, address of the arguments; 2, address of their size; 0
        const void *from = nullptr;
        size_t bytes = 0;
        for (void **e = extra; *e; e += 2)
            if (reinterpret_cast<uintptr_t>(*e) == 1)
                from = e[1];
            else if (reinterpret_cast<uintptr_t>(*e) == 2)
                memcpy(&bytes, e[1], sizeof bytes);
        if (parameters || bytes != kernel.parameterBytes)
            return refuse(function,
                    "its arguments have " + std::to_string(kernel.parameterBytes) + " bytes, given were " + std::to_string(bytes),
                    CUDA_ERROR_INVALID_VALUE);
        memcpy(launch.arguments.data(), from, bytes);
    } else {
        if (kernel.parameterCount && !parameters)
            return CUDA_ERROR_INVALID_VALUE;
        for (unsigned i = 0; i < kernel.parameterCount; i++)
            memcpy(launch.arguments.data() + kernel.parameters[i].offset, parameters[i], kernel.parameters[i].size);
    }
    state.enqueue(stream, kernel.name, [&state, launch = std::move(launch)] { return launch.run(state.memory); });
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuLaunchCooperativeKernel(
        CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **) {
    return CUDA_ERROR_NOT_SUPPORTED; // blocks run one after another here: a barrier of the whole grid would never end
}
