// cuInit, devices and their attributes, error texts.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "../device/options.h"
#include "state.h"

using namespace crane::soft;

CRANE_SOFT_API CUresult cuInit(unsigned flags) {
    if (flags)
        return CUDA_ERROR_INVALID_VALUE;
    if (!Options::get().devices)
        return CUDA_ERROR_NO_DEVICE;
    State &state = State::get();
    std::lock_guard<std::recursive_mutex> hold(state.lock);
    state.initialised = true;
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuDriverGetVersion(int *version) {
    *version = static_cast<int>(Options::get().driver);
    return CUDA_SUCCESS;
}

static const struct {
    CUresult code;
    const char *name;
} RESULTS[] = {
#define CRANE_SOFT_RESULT(name, number) {number, #name},
        CRANE_SOFT_RESULTS(CRANE_SOFT_RESULT)};

CRANE_SOFT_API CUresult cuGetErrorName(CUresult error, const char **name) {
    for (auto &result : RESULTS)
        if (result.code == error) {
            *name = result.name;
            return CUDA_SUCCESS;
        }
    *name = nullptr;
    return CUDA_ERROR_INVALID_VALUE;
}

CRANE_SOFT_API CUresult cuGetErrorString(CUresult error, const char **text) {
    switch (error) {
    case CUDA_SUCCESS:
        *text = "no error";
        return CUDA_SUCCESS;
    case CUDA_ERROR_INVALID_VALUE:
        *text = "invalid argument";
        return CUDA_SUCCESS;
    case CUDA_ERROR_OUT_OF_MEMORY:
        *text = "out of memory";
        return CUDA_SUCCESS;
    case CUDA_ERROR_ILLEGAL_ADDRESS:
        *text = "an illegal memory access was encountered";
        return CUDA_SUCCESS;
    case CUDA_ERROR_MISALIGNED_ADDRESS:
        *text = "misaligned address";
        return CUDA_SUCCESS;
    case CUDA_ERROR_LAUNCH_FAILED:
        *text = "unspecified launch failure";
        return CUDA_SUCCESS;
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
        *text = "no kernel image is available for execution on the device";
        return CUDA_SUCCESS;
    }
    return cuGetErrorName(error, text);
}

CRANE_SOFT_API CUresult cuDeviceGetCount(int *count) {
    Call call(false);
    *count = 1;
    return call.status;
}

CRANE_SOFT_API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    Call call(false);
    if (!call.status && ordinal != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    *device = 0;
    return call.status;
}

static CUresult copyText(const char *text, char *to, int length, CUdevice device) {
    Call call(false);
    if (call.status)
        return call.status;
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    if (length < 1)
        return CUDA_ERROR_INVALID_VALUE;
    snprintf(to, static_cast<size_t>(length), "%s", text);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    return copyText("CRANE software device", name, length, device);
}

CRANE_SOFT_API CUresult cuDeviceGetPCIBusId(char *id, int length, CUdevice device) { return copyText("0000:00:00.0", id, length, device); }

CRANE_SOFT_API CUresult cuDeviceGetUuid_v2(unsigned char *uuid, CUdevice device) {
    Call call(false);
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    memcpy(uuid, "crane-softdevice", 16);
    return call.status;
}

CRANE_SOFT_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    Call call(false);
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    *bytes = call.state.memory.total();
    return call.status;
}

// A Hopper chip as far as limits go, with two multiprocessors.
CRANE_SOFT_API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
    Call call(false);
    if (call.status)
        return call.status;
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    if (attribute < 1 || attribute > 160)
        return CUDA_ERROR_INVALID_VALUE;
    switch (attribute) {
    case 1: // threads of a block
    case 2: // its size in x
    case 3: // in y
        *value = 1024;
        break;
    case 4: // in z
        *value = 64;
        break;
    case 5: // size of a grid in x
        *value = 0x7fffffff;
        break;
    case 6:
    case 7:
        *value = 65535;
        break;
    case 8: // shared memory of a block
        *value = 48 << 10;
        break;
    case 9: // constant memory
        *value = 64 << 10;
        break;
    case 10: // warp
        *value = 32;
        break;
    case 12: // registers of a block
    case 82: // of a multiprocessor
        *value = 65536;
        break;
    case 13: // clock, kHz
    case 36:
        *value = 1000000;
        break;
    case 16: // multiprocessors
        *value = 2;
        break;
    case 37: // bus width, bits
        *value = 64;
        break;
    case 38: // L2 cache
        *value = 1 << 20;
        break;
    case 39: // threads of a multiprocessor
        *value = 2048;
        break;
    case 40: // copy engines
        *value = 2;
        break;
    case 75: // compute capability
        *value = static_cast<int>(Options::get().capability / 10);
        break;
    case 76:
        *value = static_cast<int>(Options::get().capability % 10);
        break;
    case 81: // shared memory of a multiprocessor
        *value = 228 << 10;
        break;
    case 97: // of a block, on request
        *value = 227 << 10;
        break;
    case 106: // blocks of a multiprocessor
        *value = 32;
        break;
    case 111: // shared memory reserved for each block
        *value = 1 << 10;
        break;
    case 15:  // copies overlap with kernels
    case 19:  // maps host memory
    case 31:  // concurrent kernels
    case 41:  // one address space
    case 78:  // stream priorities
    case 115: // memory pools
        *value = 1;
        break;
    default:
        *value = 0;
    }
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuDeviceCanAccessPeer(int *can, CUdevice, CUdevice) {
    *can = 0;
    return CUDA_SUCCESS;
}
