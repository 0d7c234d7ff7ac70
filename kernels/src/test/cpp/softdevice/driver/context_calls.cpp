// The primary context.
#include "state.h"

using namespace crane::soft;

CRANE_SOFT_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    Call call(false);
    if (call.status)
        return call.status;
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    if (call.state.retained++ == 0)
        call.state.scheduler.clear(); // begins the seed's order anew
    *context = &call.state;
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    Call call(false);
    if (call.status)
        return call.status;
    if (device != 0)
        return CUDA_ERROR_INVALID_DEVICE;
    if (call.state.retained == 0)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (--call.state.retained == 0)
        call.state.end();
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuCtxSetCurrent(CUcontext context) {
    Call call(false);
    if (context && context != &call.state)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (contexts().empty())
        contexts().push_back(context);
    else
        contexts().back() = context;
    return call.status;
}

CRANE_SOFT_API CUresult cuCtxGetCurrent(CUcontext *context) {
    Call call(false);
    *context = contexts().empty() ? nullptr : contexts().back();
    return call.status;
}

CRANE_SOFT_API CUresult cuCtxPushCurrent_v2(CUcontext context) {
    Call call(false);
    if (context != &call.state)
        return CUDA_ERROR_INVALID_CONTEXT;
    contexts().push_back(context);
    return call.status;
}

CRANE_SOFT_API CUresult cuCtxPopCurrent_v2(CUcontext *context) {
    Call call(false);
    if (contexts().empty())
        return CUDA_ERROR_INVALID_CONTEXT;
    if (context)
        *context = contexts().back();
    contexts().pop_back();
    return call.status;
}

CRANE_SOFT_API CUresult cuCtxSynchronize() {
    Call call;
    if (call.status)
        return call.status;
    call.state.scheduler.waitForAll();
    return call.state.waited();
}

CRANE_SOFT_API CUresult cuCtxEnablePeerAccess(CUcontext, unsigned) { return CUDA_ERROR_PEER_ACCESS_UNSUPPORTED; }
