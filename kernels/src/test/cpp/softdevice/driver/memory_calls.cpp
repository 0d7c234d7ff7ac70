// Allocation, copies, fills, the memory pool.
#include <cstring>
#include <memory>
#include <string>

#include "../device/options.h"
#include "state.h"

using namespace crane::soft;

static CUdeviceptr address(const void *p) { return reinterpret_cast<CUdeviceptr>(p); }

static char *pointer(CUdeviceptr a) { return reinterpret_cast<char *>(a); }

CRANE_SOFT_API CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
    Call call;
    if (call.status)
        return call.status;
    *total = call.state.memory.total();
    *free = *total > call.state.memory.used() ? *total - call.state.memory.used() : 0;
    return CUDA_SUCCESS;
}

static CUresult allocateDevice(State &state, CUdeviceptr *result, size_t bytes, bool pooled, Memory::State begin, Memory::Block **block) {
    if (!result || bytes == 0)
        return CUDA_ERROR_INVALID_VALUE;
    *block = state.memory.allocate(bytes, Memory::Kind::DEVICE, pooled, begin);
    if (!*block) { // frees that were enqueued may give enough, as a real pool finds out too
        state.scheduler.waitForAll();
        *block = state.memory.allocate(bytes, Memory::Kind::DEVICE, pooled, begin);
    }
    if (!*block)
        return CUDA_ERROR_OUT_OF_MEMORY;
    *result = address((*block)->data);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuMemAlloc_v2(CUdeviceptr *result, size_t bytes) {
    Call call;
    Memory::Block *block;
    return call.status ? call.status : allocateDevice(call.state, result, bytes, false, Memory::State::LIVE, &block);
}

CRANE_SOFT_API CUresult cuMemFree_v2(CUdeviceptr a) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    if (a == 0)
        return call.status;
    call.state.scheduler.waitForAll();
    Memory::Block *block = call.state.memory.at(pointer(a));
    if (!block || block->kind != Memory::Kind::DEVICE)
        return CUDA_ERROR_INVALID_VALUE;
    call.state.memory.free(block);
    return call.state.waited();
}

CRANE_SOFT_API CUresult cuMemAllocAsync(CUdeviceptr *result, size_t bytes, CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    Memory::Block *block;
    if (int status = allocateDevice(call.state, result, bytes, true, Memory::State::PENDING, &block))
        return status;
    State &state = call.state;
    state.scheduler.enqueue(stream, "cuMemAllocAsync", [&state, data = block->data, serial = block->serial] {
        Memory::Block *it = state.memory.at(data);
        if (it && it->serial == serial)
            it->state = Memory::State::LIVE;
    });
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuMemFreeAsync(CUdeviceptr a, CUstream handle) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    if (a == 0)
        return call.status;
    State &state = call.state;
    Stream *stream = state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    Memory::Block *block = state.memory.at(pointer(a));
    if (!block || block->kind != Memory::Kind::DEVICE)
        return CUDA_ERROR_INVALID_VALUE;
    state.scheduler.enqueue(stream, "cuMemFreeAsync", [&state, data = block->data, serial = block->serial] {
        Memory::Block *it = state.memory.at(data);
        if (it && it->serial == serial)
            state.memory.free(it);
        else
            report("a buffer was freed twice");
    });
    return call.status;
}

static CUresult allocateHost(void **result, size_t bytes) {
    Call call;
    if (call.status)
        return call.status;
    if (!result || bytes == 0)
        return CUDA_ERROR_INVALID_VALUE;
    Memory::Block *block = call.state.memory.allocate(bytes, Memory::Kind::PINNED, false, Memory::State::LIVE);
    if (!block)
        return CUDA_ERROR_OUT_OF_MEMORY;
    *result = block->data;
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuMemHostAlloc(void **result, size_t bytes, unsigned) { return allocateHost(result, bytes); }

CRANE_SOFT_API CUresult cuMemAllocHost_v2(void **result, size_t bytes) { return allocateHost(result, bytes); }

static CUresult giveUpHost(void *p, Memory::Kind kind, CUresult otherwise) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    call.state.scheduler.waitForAll();
    Memory::Block *block = call.state.memory.at(p);
    if (!block || block->kind != kind)
        return otherwise;
    call.state.memory.free(block);
    return call.state.waited();
}

CRANE_SOFT_API CUresult cuMemFreeHost(void *p) { return giveUpHost(p, Memory::Kind::PINNED, CUDA_ERROR_INVALID_VALUE); }

CRANE_SOFT_API CUresult cuMemHostRegister_v2(void *p, size_t bytes, unsigned) {
    Call call;
    if (call.status)
        return call.status;
    if (!p || bytes == 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (call.state.memory.around(p))
        return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    call.state.memory.registerHost(p, bytes);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuMemHostUnregister(void *p) {
    return giveUpHost(p, Memory::Kind::REGISTERED, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

CRANE_SOFT_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *result, void *p, unsigned) {
    Call call;
    Memory::Block *block = call.state.memory.around(p);
    if (!call.status && (!block || block->kind == Memory::Kind::DEVICE))
        return CUDA_ERROR_INVALID_VALUE;
    *result = address(p);
    return call.status;
}

// ---- copies and fills ----

// Whether the device may touch these bytes once the stream gets there; a bad range is refused at once, as a real driver does.
static bool inBounds(State &state, const void *p, size_t bytes, const char *call) {
    const Memory::Block *block = bytes ? state.memory.around(p) : nullptr;
    if (bytes == 0 || (block && static_cast<const char *>(p) + bytes <= block->data + block->bytes))
        return true;
    std::string why;
    state.memory.accessible(p, bytes, why);
    report(std::string(call) + ": " + why);
    return false;
}

static bool pinned(State &state, const void *p) {
    Memory::Block *block = state.memory.around(p);
    return block && block->kind != Memory::Kind::DEVICE;
}

static int late(State &state, const char *call, const void *p, size_t bytes) {
    std::string why;
    if (state.memory.accessible(p, bytes, why))
        return CUDA_SUCCESS;
    report(std::string(call) + ": " + why);
    return CUDA_ERROR_ILLEGAL_ADDRESS;
}

enum class Wait { NO, YES };

static CUresult toDevice(const char *name, CUdeviceptr to, const void *from, size_t bytes, CUstream handle, Wait wait) {
    Call call;
    if (call.status)
        return call.status;
    State &state = call.state;
    Stream *stream = state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (!inBounds(state, pointer(to), bytes, name))
        return CUDA_ERROR_INVALID_VALUE;
    // From ordinary memory the driver takes the bytes before the call returns; page-locked memory it reads when the stream gets there.
    std::shared_ptr<std::string> taken;
    if (!pinned(state, from))
        taken = std::make_shared<std::string>(static_cast<const char *>(from), bytes);
    auto work = state.enqueue(stream, name, [&state, name, to, from, bytes, taken] {
        if (int status = late(state, name, pointer(to), bytes))
            return status;
        memcpy(pointer(to), taken ? taken->data() : from, bytes);
        return CUDA_SUCCESS;
    });
    if (wait == Wait::NO)
        return CUDA_SUCCESS;
    state.scheduler.wait(work);
    return state.error;
}

static CUresult toHost(const char *name, void *to, CUdeviceptr from, size_t bytes, CUstream handle, Wait wait) {
    Call call;
    if (call.status)
        return call.status;
    State &state = call.state;
    Stream *stream = state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (!inBounds(state, pointer(from), bytes, name))
        return CUDA_ERROR_INVALID_VALUE;
    auto work = state.enqueue(stream, name, [&state, name, to, from, bytes] {
        if (int status = late(state, name, pointer(from), bytes))
            return status;
        memcpy(to, pointer(from), bytes);
        return CUDA_SUCCESS;
    });
    if (wait == Wait::NO && pinned(state, to)) // to ordinary memory the call returns when all is there
        return CUDA_SUCCESS;
    state.scheduler.wait(work);
    return state.error;
}

static CUresult withinDevice(const char *name, CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    State &state = call.state;
    Stream *stream = state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (!inBounds(state, pointer(from), bytes, name) || !inBounds(state, pointer(to), bytes, name))
        return CUDA_ERROR_INVALID_VALUE;
    state.enqueue(stream, name, [&state, name, to, from, bytes] {
        int status = late(state, name, pointer(from), bytes);
        if (!status)
            status = late(state, name, pointer(to), bytes);
        if (!status)
            memmove(pointer(to), pointer(from), bytes);
        return status;
    });
    return CUDA_SUCCESS;
}

template <class T> static CUresult fill(const char *name, CUdeviceptr to, T value, size_t count, CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    State &state = call.state;
    Stream *stream = state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (to % sizeof(T) || !inBounds(state, pointer(to), count * sizeof(T), name))
        return CUDA_ERROR_INVALID_VALUE;
    state.enqueue(stream, name, [&state, name, to, value, count] {
        int status = late(state, name, pointer(to), count * sizeof(T));
        if (!status)
            for (size_t i = 0; i < count; i++)
                reinterpret_cast<T *>(to)[i] = value;
        return status;
    });
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
    return toDevice("cuMemcpyHtoD", to, from, bytes, nullptr, Wait::YES);
}
CRANE_SOFT_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
    return toDevice("cuMemcpyHtoDAsync", to, from, bytes, stream, Wait::NO);
}
CRANE_SOFT_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
    return toHost("cuMemcpyDtoH", to, from, bytes, nullptr, Wait::YES);
}
CRANE_SOFT_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return toHost("cuMemcpyDtoHAsync", to, from, bytes, stream, Wait::NO);
}
// Copies within the device and fills do not hold up the host, whatever their names say.
CRANE_SOFT_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    return withinDevice("cuMemcpyDtoD", to, from, bytes, nullptr);
}
CRANE_SOFT_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return withinDevice("cuMemcpyDtoDAsync", to, from, bytes, stream);
}
CRANE_SOFT_API CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t bytes, CUstream stream) {
    return withinDevice("cuMemcpyPeerAsync", to, from, bytes, stream);
}
CRANE_SOFT_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
    return fill("cuMemsetD8", to, value, count, nullptr);
}
CRANE_SOFT_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
    return fill("cuMemsetD32", to, value, count, nullptr);
}
CRANE_SOFT_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
    return fill("cuMemsetD8Async", to, value, count, stream);
}
CRANE_SOFT_API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream) {
    return fill("cuMemsetD16Async", to, value, count, stream);
}
CRANE_SOFT_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
    return fill("cuMemsetD32Async", to, value, count, stream);
}

// ---- the pool, of which there is one ----

static CUresult thePool(CUmemoryPool *pool, CUdevice device) {
    Call call(false);
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    *pool = &call.state.memory;
    return call.status;
}

CRANE_SOFT_API CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) { return thePool(pool, device); }
CRANE_SOFT_API CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) { return thePool(pool, device); }

enum PoolAttribute { RELEASE_THRESHOLD = 4, RESERVED_CURRENT, RESERVED_HIGH, USED_CURRENT, USED_HIGH };

CRANE_SOFT_API CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int attribute, void *value) {
    Call call(false);
    if (pool != &call.state.memory)
        return CUDA_ERROR_INVALID_VALUE;
    if (attribute == RELEASE_THRESHOLD)
        memcpy(&call.state.releaseThreshold, value, sizeof call.state.releaseThreshold);
    else if (attribute == USED_HIGH || attribute == RESERVED_HIGH)
        call.state.memory.resetHighPooled();
    else if (attribute < 1 || attribute > 3)
        return CUDA_ERROR_INVALID_VALUE;
    return call.status;
}

CRANE_SOFT_API CUresult cuMemPoolGetAttribute(CUmemoryPool pool, int attribute, void *value) {
    Call call(false);
    if (pool != &call.state.memory)
        return CUDA_ERROR_INVALID_VALUE;
    uint64_t number;
    switch (attribute) {
    case RELEASE_THRESHOLD:
        number = call.state.releaseThreshold;
        break;
    case RESERVED_CURRENT:
    case USED_CURRENT:
        number = call.state.memory.usedPooled();
        break;
    case RESERVED_HIGH:
    case USED_HIGH:
        number = call.state.memory.highPooled();
        break;
    case 1:
    case 2:
    case 3: {
        int on = 1;
        memcpy(value, &on, sizeof on);
        return call.status;
    }
    default:
        return CUDA_ERROR_INVALID_VALUE;
    }
    memcpy(value, &number, sizeof number);
    return call.status;
}

CRANE_SOFT_API CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
    Call call(false);
    return pool == &call.state.memory ? call.status : CUDA_ERROR_INVALID_VALUE;
}

// Kind of memory (2), address on the device (3), on the host (4), begin (11) and size (12) of the allocation.
CRANE_SOFT_API CUresult cuPointerGetAttribute(void *data, int attribute, CUdeviceptr a) {
    Call call;
    if (call.status)
        return call.status;
    Memory::Block *block = call.state.memory.around(pointer(a));
    if (!block)
        return CUDA_ERROR_INVALID_VALUE;
    unsigned kind = block->kind == Memory::Kind::DEVICE ? 2 : 1;
    switch (attribute) {
    case 2:
        memcpy(data, &kind, sizeof kind);
        return CUDA_SUCCESS;
    case 4:
        if (kind == 2)
            return CUDA_ERROR_INVALID_VALUE;
        memcpy(data, &a, sizeof a);
        return CUDA_SUCCESS;
    case 3:
        memcpy(data, &a, sizeof a);
        return CUDA_SUCCESS;
    case 11:
        memcpy(data, &block->data, sizeof block->data);
        return CUDA_SUCCESS;
    case 12:
        memcpy(data, &block->bytes, sizeof block->bytes);
        return CUDA_SUCCESS;
    }
    return CUDA_ERROR_NOT_SUPPORTED;
}
