// Streams run late: what was not waited for is not there.
#include <cmath>

#include "test.h"

using namespace test;

static const char *const SOURCE = R"(
extern "C" __global__ void twice(const float* x, float* y) { y[threadIdx.x] = 2 * x[threadIdx.x]; }
)";

struct Streams {
    Device device{SOURCE};
    CUstream a, b;
    CUevent event;
    CUfunction twice = device.function("twice");
    float *in, *out;
    Buffer<float> x{32}, y{32};

    Streams() {
        CUDA(cuStreamCreate(&a, 1));
        CUDA(cuStreamCreate(&b, 1));
        CUDA(cuEventCreate(&event, 0));
        CUDA(cuMemHostAlloc(reinterpret_cast<void **>(&in), 128, 0));
        CUDA(cuMemHostAlloc(reinterpret_cast<void **>(&out), 128, 0));
        for (int i = 0; i < 32; i++)
            in[i] = static_cast<float>(i);
    }
    ~Streams() {
        cuMemFreeHost(in);
        cuMemFreeHost(out);
        cuEventDestroy_v2(event);
        cuStreamDestroy_v2(a);
        cuStreamDestroy_v2(b);
    }
    void launch(CUstream stream) {
        void *arguments[] = {&x.address, &y.address};
        CUDA(cuLaunchKernel(twice, 1, 1, 1, 32, 1, 1, 0, stream, arguments, nullptr));
    }
};

TEST(aHostThatDoesNotWaitReadsNothing) {
    Streams s;
    CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
    s.launch(s.a);
    CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.a));
    EXPECT(std::isnan(s.out[1]));
    CUDA(cuStreamSynchronize(s.a));
    for (int i = 0; i < 32; i++)
        EXPECT(s.out[i] == 2 * s.in[i]);
    EXPECT(reports().empty());
}

TEST(aStreamThatDoesNotWaitShows) {
    for (bool waits : {true, false})
        for (int seed : {1, 3, 5}) {
            crane_soft_device_set("seed", seed);
            Streams s;
            CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
            CUDA(cuEventRecord(s.event, s.a));
            if (waits)
                CUDA(cuStreamWaitEvent(s.b, s.event, 0));
            s.launch(s.b);
            CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.b));
            CUDA(cuStreamSynchronize(s.b));
            EXPECT(waits ? s.out[5] == 10 : std::isnan(s.out[5]));
        }
}

// A buffer that is filled again before the copy has read it: with page-locked memory the copy sees the new contents.
TEST(aHostThatReusesItsBufferTooEarlyShows) {
    Streams s;
    CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
    s.in[3] = 1000;
    s.launch(s.a);
    CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.a));
    CUDA(cuStreamSynchronize(s.a));
    EXPECT(s.out[3] == 2000);
    float ordinary[32] = {};
    ordinary[3] = 4;
    CUDA(cuMemcpyHtoDAsync_v2(s.x.address, ordinary, 128, s.a)); // ordinary memory is read before the call returns
    ordinary[3] = 5;
    s.launch(s.a);
    CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.a));
    CUDA(cuStreamSynchronize(s.a));
    EXPECT(s.out[3] == 8);
}

TEST(memoryOfAnotherStreamThatIsNotAllocatedYetShows) {
    Streams s;
    CUdeviceptr early;
    CUDA(cuMemAllocAsync(&early, 128, s.a));
    void *arguments[] = {&early, &s.y.address};
    CUDA(cuLaunchKernel(s.twice, 1, 1, 1, 32, 1, 1, 0, s.b, arguments, nullptr));
    EXPECT(cuStreamSynchronize(s.b) == CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(reported("which the stream it is allocated on has not allocated yet"));
}

TEST(memoryThatAnotherStreamFreesTooEarlyShows) {
    Streams s;
    CUdeviceptr x;
    CUDA(cuMemAllocAsync(&x, 128, s.a));
    CUDA(cuStreamSynchronize(s.a));
    CUDA(cuMemFreeAsync(x, s.a));
    void *arguments[] = {&x, &s.y.address};
    CUDA(cuLaunchKernel(s.twice, 1, 1, 1, 32, 1, 1, 0, s.b, arguments, nullptr));
    CUDA(cuStreamSynchronize(s.a));
    EXPECT(cuStreamSynchronize(s.b) == CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST(aPollingProgramGetsThere) {
    Streams s;
    CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
    s.launch(s.a);
    CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.a));
    int polls = 0;
    for (CUresult status; (status = cuStreamQuery(s.a)); polls++)
        EXPECT(status == CUDA_ERROR_NOT_READY && polls < 10);
    EXPECT(polls > 0 && s.out[9] == 18);
}

TEST(eventsTellTimes) {
    Streams s;
    CUevent end;
    CUDA(cuEventCreate(&end, 0));
    CUDA(cuEventRecord(s.event, s.a));
    CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
    s.launch(s.a);
    CUDA(cuEventRecord(end, s.a));
    float milliseconds;
    EXPECT(cuEventElapsedTime_v2(&milliseconds, s.event, end) == CUDA_ERROR_NOT_READY);
    CUDA(cuEventSynchronize(end));
    CUDA(cuEventElapsedTime_v2(&milliseconds, s.event, end));
    EXPECT(milliseconds > 0);
    CUDA(cuEventDestroy_v2(end));
}

// The default stream orders itself with blocking streams, and not with others.
TEST(theDefaultStreamWaitsForBlockingStreams) {
    for (unsigned flags : {0u, 1u}) {
        Streams s;
        CUstream stream;
        CUDA(cuStreamCreate(&stream, flags));
        CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, stream));
        s.launch(nullptr);
        std::vector<float> y = s.y.read();
        EXPECT(flags == 0 ? y[4] == 8 : std::isnan(y[4]));
        CUDA(cuStreamDestroy_v2(stream));
    }
}

TEST(everySeedGivesTheSameResultOfARightProgram) {
    for (int seed = 1; seed <= 20; seed++)
        for (int deferred : {0, 1}) {
            crane_soft_device_set("seed", seed);
            crane_soft_device_set("deferred", deferred);
            Streams s;
            for (int round = 0; round < 5; round++) {
                CUDA(cuStreamWaitEvent(s.a, s.event, 0)); // the kernel of the last round has read x
                CUDA(cuMemcpyHtoDAsync_v2(s.x.address, s.in, 128, s.a));
                CUDA(cuEventRecord(s.event, s.a));
                CUDA(cuStreamWaitEvent(s.b, s.event, 0));
                s.launch(s.b);
                CUDA(cuMemcpyDtoHAsync_v2(s.out, s.y.address, 128, s.b));
                CUDA(cuEventRecord(s.event, s.b));
                CUDA(cuEventSynchronize(s.event));
                for (int i = 0; i < 32; i++) {
                    EXPECT(s.out[i] == 2 * s.in[i]);
                    s.in[i] += 1;
                }
            }
        }
    EXPECT(reports().empty());
}
