// Streams and events.
#include "state.h"

using namespace crane::soft;

CRANE_SOFT_API CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) {
    Call call;
    if (call.status)
        return call.status;
    if (flags > 1)
        return CUDA_ERROR_INVALID_VALUE;
    *stream = call.state.scheduler.create(flags == 0);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuStreamCreate(CUstream *stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

CRANE_SOFT_API CUresult cuStreamDestroy_v2(CUstream handle) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    Stream *stream = call.state.stream(handle);
    if (!stream || stream == call.state.scheduler.defaultStream())
        return CUDA_ERROR_INVALID_HANDLE;
    call.state.scheduler.destroy(stream);
    return call.state.error;
}

CRANE_SOFT_API CUresult cuStreamSynchronize(CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    call.state.scheduler.wait(stream);
    return call.state.waited();
}

CRANE_SOFT_API CUresult cuStreamQuery(CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (stream->queue.empty())
        return CUDA_SUCCESS;
    call.state.scheduler.nudge(stream);
    return call.state.error ? call.state.error : CUDA_ERROR_NOT_READY;
}

CRANE_SOFT_API CUresult cuStreamWaitEvent(CUstream handle, CUevent e, unsigned) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    Event *event = static_cast<Event *>(e);
    if (!stream || !call.state.events.count(event))
        return CUDA_ERROR_INVALID_HANDLE;
    if (event->record && !event->record->done)
        stream->waits.push_back(event->record);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuEventCreate(CUevent *event, unsigned flags) {
    Call call;
    if (call.status)
        return call.status;
    if (flags > 7)
        return CUDA_ERROR_INVALID_VALUE;
    Event *made = new Event;
    made->timing = !(flags & 2);
    call.state.events.insert(made);
    *event = made;
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuEventDestroy_v2(CUevent e) {
    Call call;
    if (call.status && call.status != call.state.error)
        return call.status;
    Event *event = static_cast<Event *>(e);
    if (!call.state.events.erase(event))
        return CUDA_ERROR_INVALID_HANDLE;
    delete event;
    return call.status;
}

CRANE_SOFT_API CUresult cuEventRecord(CUevent e, CUstream handle) {
    Call call;
    if (call.status)
        return call.status;
    Stream *stream = call.state.stream(handle);
    Event *event = static_cast<Event *>(e);
    if (!stream || !call.state.events.count(event))
        return CUDA_ERROR_INVALID_HANDLE;
    event->record = call.state.enqueue(stream, "cuEventRecord", [] { return CUDA_SUCCESS; });
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuEventSynchronize(CUevent e) {
    Call call;
    if (call.status)
        return call.status;
    Event *event = static_cast<Event *>(e);
    if (!call.state.events.count(event))
        return CUDA_ERROR_INVALID_HANDLE;
    if (event->record)
        call.state.scheduler.wait(event->record);
    return call.state.waited();
}

CRANE_SOFT_API CUresult cuEventQuery(CUevent e) {
    Call call;
    if (call.status)
        return call.status;
    Event *event = static_cast<Event *>(e);
    if (!call.state.events.count(event))
        return CUDA_ERROR_INVALID_HANDLE;
    if (!event->record || event->record->done)
        return CUDA_SUCCESS;
    call.state.scheduler.nudge(event->record->stream);
    return call.state.error ? call.state.error : CUDA_ERROR_NOT_READY;
}

CRANE_SOFT_API CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent begin, CUevent end) {
    Call call;
    if (call.status)
        return call.status;
    Event *a = static_cast<Event *>(begin), *b = static_cast<Event *>(end);
    if (!call.state.events.count(a) || !call.state.events.count(b) || !a->timing || !b->timing || !a->record || !b->record)
        return CUDA_ERROR_INVALID_HANDLE;
    if (!a->record->done || !b->record->done)
        return CUDA_ERROR_NOT_READY;
    *milliseconds = static_cast<float>(b->record->doneAt - a->record->doneAt);
    return CUDA_SUCCESS;
}

CRANE_SOFT_API CUresult cuEventElapsedTime(float *milliseconds, CUevent begin, CUevent end) {
    return cuEventElapsedTime_v2(milliseconds, begin, end);
}

// ---- what the device does not have ----

CRANE_SOFT_API CUresult cuStreamBeginCapture_v2(CUstream, int) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuStreamEndCapture(CUstream, void **) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuGraphInstantiateWithFlags(void **, void *, unsigned long long) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuGraphLaunch(void *, CUstream) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuGraphExecDestroy(void *) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuGraphDestroy(void *) { return CUDA_ERROR_NOT_SUPPORTED; }
CRANE_SOFT_API CUresult cuTensorMapEncodeTiled(
        void *, int, unsigned, void *, const uint64_t *, const uint64_t *, const unsigned *, const unsigned *, int, int, int, int) {
    return CUDA_ERROR_NOT_SUPPORTED;
}
