// The CUDA driver API as far as the software device has it, written down anew: a machine without a CUDA toolkit has no cuda.h.
#pragma once

#include <cstddef>
#include <cstdint>

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = void *;
using CUmemoryPool = void *;
using CUstream = void *;
using CUevent = void *;
using CUmodule = void *;
using CUfunction = void *;

#define CRANE_SOFT_API extern "C" __attribute__((visibility("default")))

// Results: name and number as in cuda.h 13.0.
#define CRANE_SOFT_RESULTS(RESULT)                                                                                                         \
    RESULT(CUDA_SUCCESS, 0)                                                                                                                \
    RESULT(CUDA_ERROR_INVALID_VALUE, 1)                                                                                                    \
    RESULT(CUDA_ERROR_OUT_OF_MEMORY, 2)                                                                                                    \
    RESULT(CUDA_ERROR_NOT_INITIALIZED, 3)                                                                                                  \
    RESULT(CUDA_ERROR_DEINITIALIZED, 4)                                                                                                    \
    RESULT(CUDA_ERROR_PROFILER_DISABLED, 5)                                                                                                \
    RESULT(CUDA_ERROR_PROFILER_NOT_INITIALIZED, 6)                                                                                         \
    RESULT(CUDA_ERROR_PROFILER_ALREADY_STARTED, 7)                                                                                         \
    RESULT(CUDA_ERROR_PROFILER_ALREADY_STOPPED, 8)                                                                                         \
    RESULT(CUDA_ERROR_STUB_LIBRARY, 34)                                                                                                    \
    RESULT(CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER, 36)                                                                                      \
    RESULT(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)                                                                                              \
    RESULT(CUDA_ERROR_NO_DEVICE, 100)                                                                                                      \
    RESULT(CUDA_ERROR_INVALID_DEVICE, 101)                                                                                                 \
    RESULT(CUDA_ERROR_DEVICE_NOT_LICENSED, 102)                                                                                            \
    RESULT(CUDA_ERROR_INVALID_IMAGE, 200)                                                                                                  \
    RESULT(CUDA_ERROR_INVALID_CONTEXT, 201)                                                                                                \
    RESULT(CUDA_ERROR_CONTEXT_ALREADY_CURRENT, 202)                                                                                        \
    RESULT(CUDA_ERROR_MAP_FAILED, 205)                                                                                                     \
    RESULT(CUDA_ERROR_UNMAP_FAILED, 206)                                                                                                   \
    RESULT(CUDA_ERROR_ARRAY_IS_MAPPED, 207)                                                                                                \
    RESULT(CUDA_ERROR_ALREADY_MAPPED, 208)                                                                                                 \
    RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)                                                                                              \
    RESULT(CUDA_ERROR_ALREADY_ACQUIRED, 210)                                                                                               \
    RESULT(CUDA_ERROR_NOT_MAPPED, 211)                                                                                                     \
    RESULT(CUDA_ERROR_NOT_MAPPED_AS_ARRAY, 212)                                                                                            \
    RESULT(CUDA_ERROR_NOT_MAPPED_AS_POINTER, 213)                                                                                          \
    RESULT(CUDA_ERROR_ECC_UNCORRECTABLE, 214)                                                                                              \
    RESULT(CUDA_ERROR_UNSUPPORTED_LIMIT, 215)                                                                                              \
    RESULT(CUDA_ERROR_CONTEXT_ALREADY_IN_USE, 216)                                                                                         \
    RESULT(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, 217)                                                                                        \
    RESULT(CUDA_ERROR_INVALID_PTX, 218)                                                                                                    \
    RESULT(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, 219)                                                                                       \
    RESULT(CUDA_ERROR_NVLINK_UNCORRECTABLE, 220)                                                                                           \
    RESULT(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, 221)                                                                                         \
    RESULT(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)                                                                                        \
    RESULT(CUDA_ERROR_JIT_COMPILATION_DISABLED, 223)                                                                                       \
    RESULT(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, 224)                                                                                      \
    RESULT(CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC, 225)                                                                                       \
    RESULT(CUDA_ERROR_CONTAINED, 226)                                                                                                      \
    RESULT(CUDA_ERROR_INVALID_SOURCE, 300)                                                                                                 \
    RESULT(CUDA_ERROR_FILE_NOT_FOUND, 301)                                                                                                 \
    RESULT(CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, 302)                                                                                 \
    RESULT(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, 303)                                                                                      \
    RESULT(CUDA_ERROR_OPERATING_SYSTEM, 304)                                                                                               \
    RESULT(CUDA_ERROR_INVALID_HANDLE, 400)                                                                                                 \
    RESULT(CUDA_ERROR_ILLEGAL_STATE, 401)                                                                                                  \
    RESULT(CUDA_ERROR_LOSSY_QUERY, 402)                                                                                                    \
    RESULT(CUDA_ERROR_NOT_FOUND, 500)                                                                                                      \
    RESULT(CUDA_ERROR_NOT_READY, 600)                                                                                                      \
    RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                                                                                                \
    RESULT(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)                                                                                        \
    RESULT(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                                                                                                 \
    RESULT(CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING, 703)                                                                                  \
    RESULT(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, 704)                                                                                    \
    RESULT(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, 705)                                                                                        \
    RESULT(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, 708)                                                                                         \
    RESULT(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709)                                                                                           \
    RESULT(CUDA_ERROR_ASSERT, 710)                                                                                                         \
    RESULT(CUDA_ERROR_TOO_MANY_PEERS, 711)                                                                                                 \
    RESULT(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, 712)                                                                                 \
    RESULT(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, 713)                                                                                     \
    RESULT(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)                                                                                           \
    RESULT(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)                                                                                            \
    RESULT(CUDA_ERROR_MISALIGNED_ADDRESS, 716)                                                                                             \
    RESULT(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)                                                                                          \
    RESULT(CUDA_ERROR_INVALID_PC, 718)                                                                                                     \
    RESULT(CUDA_ERROR_LAUNCH_FAILED, 719)                                                                                                  \
    RESULT(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, 720)                                                                                   \
    RESULT(CUDA_ERROR_TENSOR_MEMORY_LEAK, 721)                                                                                             \
    RESULT(CUDA_ERROR_NOT_PERMITTED, 800)                                                                                                  \
    RESULT(CUDA_ERROR_NOT_SUPPORTED, 801)                                                                                                  \
    RESULT(CUDA_ERROR_SYSTEM_NOT_READY, 802)                                                                                               \
    RESULT(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)                                                                                         \
    RESULT(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804)                                                                                 \
    RESULT(CUDA_ERROR_MPS_CONNECTION_FAILED, 805)                                                                                          \
    RESULT(CUDA_ERROR_MPS_RPC_FAILURE, 806)                                                                                                \
    RESULT(CUDA_ERROR_MPS_SERVER_NOT_READY, 807)                                                                                           \
    RESULT(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, 808)                                                                                        \
    RESULT(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, 809)                                                                                    \
    RESULT(CUDA_ERROR_MPS_CLIENT_TERMINATED, 810)                                                                                          \
    RESULT(CUDA_ERROR_CDP_NOT_SUPPORTED, 811)                                                                                              \
    RESULT(CUDA_ERROR_CDP_VERSION_MISMATCH, 812)                                                                                           \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900)                                                                                     \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)                                                                                     \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_MERGE, 902)                                                                                           \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, 903)                                                                                       \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, 904)                                                                                        \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, 905)                                                                                       \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, 906)                                                                                        \
    RESULT(CUDA_ERROR_CAPTURED_EVENT, 907)                                                                                                 \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, 908)                                                                                    \
    RESULT(CUDA_ERROR_TIMEOUT, 909)                                                                                                        \
    RESULT(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, 910)                                                                                      \
    RESULT(CUDA_ERROR_EXTERNAL_DEVICE, 911)                                                                                                \
    RESULT(CUDA_ERROR_INVALID_CLUSTER_SIZE, 912)                                                                                           \
    RESULT(CUDA_ERROR_FUNCTION_NOT_LOADED, 913)                                                                                            \
    RESULT(CUDA_ERROR_INVALID_RESOURCE_TYPE, 914)                                                                                          \
    RESULT(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, 915)                                                                                 \
    RESULT(CUDA_ERROR_KEY_ROTATION, 916)                                                                                                   \
    RESULT(CUDA_ERROR_UNKNOWN, 999)

#define CRANE_SOFT_RESULT(name, number) constexpr CUresult name = number;
CRANE_SOFT_RESULTS(CRANE_SOFT_RESULT)
#undef CRANE_SOFT_RESULT
