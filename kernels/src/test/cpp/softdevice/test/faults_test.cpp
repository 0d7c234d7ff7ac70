// Planted faults: each kernel or program below is wrong on purpose, and the device must say so.
#include "test.h"

using namespace test;

static const char *const SOURCE = R"(
extern "C" __global__ void mirror(const float* x, float* y) {
    __shared__ float kept[256];
    kept[threadIdx.x] = x[threadIdx.x];
#ifndef WITHOUT_BARRIER
    __syncthreads();
#endif
    y[threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}

// Sums of neighbours, round after round: the barrier at the end of a round keeps a warp that is ahead from overwriting what others still read.
extern "C" __global__ void rounds(float* x) {
    __shared__ float kept[256];
    float value = x[threadIdx.x];
    for (int round = 0; round < 4; round++) {
        kept[threadIdx.x] = value;
        __syncthreads();
        value += kept[(threadIdx.x + 32) % blockDim.x];
#ifndef WITHOUT_BARRIER
        __syncthreads();
#endif
    }
    x[threadIdx.x] = value;
}

// Lanes exchange through shared memory; without __syncwarp a lane reads what its neighbour has not written.
extern "C" __global__ void neighbours(float* x) {
    __shared__ float kept[32];
    kept[threadIdx.x] = x[threadIdx.x];
#ifndef WITHOUT_BARRIER
    __syncwarp();
#endif
    x[threadIdx.x] = kept[threadIdx.x ^ 1];
}

extern "C" __global__ void shuffleOutsideMask(float* x) {
    if (threadIdx.x % 32 < 16)
        x[threadIdx.x] = __shfl_down_sync(0xffffu, x[threadIdx.x], 1);
}

extern "C" __global__ void shuffleWithoutOthers(float* x) {
    if (threadIdx.x % 32 < 16)
        x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 1);
    __syncthreads();
}

extern "C" __global__ void shuffleOfStranger(float* x) {
    x[threadIdx.x] = __shfl_sync(0xfffffffeu, x[threadIdx.x], 1);
}

extern "C" __global__ void shuffleFromEnded(float* x) {
    if (threadIdx.x == 9)
        return;
    x[threadIdx.x] = __shfl_sync(0xffffffffu, x[threadIdx.x], 9);
}

extern "C" __global__ void barrierForSome(float* x) {
    if (threadIdx.x < 40)
        __syncthreads();
    else
        x[threadIdx.x] = __shfl_sync(0xffffffffu, x[threadIdx.x], 0);
}

extern "C" __global__ void twoBarriers(float* x) {
    if (threadIdx.x < 40)
        __syncthreads();
    else
        __syncthreads();
    x[threadIdx.x] = 1;
}

extern "C" __global__ void past(float* x, int i) { x[i] = 1; }

extern "C" __global__ void pastShared(int i) {
    CRANE_DYNAMIC_SHARED(float, s);
    s[i] = 1;
}

extern "C" __global__ void fixedShared(float* x, int i) {
    __shared__ float s[64];
    s[threadIdx.x] = 1;
    __syncthreads();
    s[i] = 2;
    x[threadIdx.x] = s[threadIdx.x];
}

extern "C" __global__ void wild(int* x, int n) { x[0] = *(int*)(size_t)(n * 4096) / n; }

extern "C" __global__ void divide(int* x, int n) { x[0] = x[1] / n; }

extern "C" __global__ void __launch_bounds__(128) bounded(float* x) { x[threadIdx.x] = 1; }

extern "C" __global__ void vectors(float* x, int i) { *(float4*)(x + i) = float4{1, 2, 3, 4}; }

extern "C" __global__ void copy(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
)";

static std::vector<float> ramp(int n) {
    std::vector<float> x(static_cast<size_t>(n));
    for (int i = 0; i < n; i++)
        x[static_cast<size_t>(i)] = static_cast<float>(i);
    return x;
}

// Runs `kernel` over [x, y] (or [x]) with and without its barrier, under several seeds; the first must always, the second never be right.
static void barrierMatters(const char *kernel, unsigned threads, bool inPlace, const std::function<float(int)> &expected) {
    for (bool removed : {false, true}) {
        std::vector<std::string> options;
        if (removed)
            options.push_back("-DWITHOUT_BARRIER");
        for (int seed = 1; seed <= 6; seed++) {
            crane_soft_device_set("seed", seed);
            Device device(SOURCE, options);
            Buffer<float> x(ramp(static_cast<int>(threads))), y(threads);
            std::vector<void *> arguments{&x.address};
            if (!inPlace)
                arguments.push_back(&y.address);
            CUDA(device.run(kernel, 1, threads, arguments));
            std::vector<float> result = inPlace ? x.read() : y.read();
            bool right = true;
            for (unsigned i = 0; i < threads; i++)
                right &= result[i] == expected(static_cast<int>(i));
            EXPECT(right == !removed);
        }
    }
}

TEST(aRemovedBarrierShows) {
    barrierMatters("mirror", 256, false, [](int i) { return static_cast<float>(255 - i); });
}

TEST(aRemovedSecondBarrierShows) {
    barrierMatters("rounds", 256, true, [](int i) { // sums of binomial coefficients over five neighbours
        float sum = 0, weights[] = {1, 4, 6, 4, 1};
        for (int k = 0; k < 5; k++)
            sum += weights[k] * static_cast<float>((i + 32 * k) % 256);
        return sum;
    });
}

TEST(aRemovedWarpBarrierShows) {
    barrierMatters("neighbours", 32, true, [](int i) { return static_cast<float>(i ^ 1); });
}

static void launchFails(const char *kernel, unsigned threads, CUresult status, const std::vector<std::string> &reports) {
    for (int seed = 1; seed <= 4; seed++) {
        crane_soft_device_clear();
        crane_soft_device_set("seed", seed);
        Device device(SOURCE);
        Buffer<float> x(ramp(static_cast<int>(threads)));
        EXPECT(device.run(kernel, 3, threads, {&x.address}) == status);
        for (const std::string &part : reports)
            if (!reported(part))
                test::fail(__FILE__, __LINE__, std::string(kernel) + ": no \"" + part + "\" in: " + test::reports());
        float value;
        EXPECT(cuMemcpyDtoH_v2(&value, x.address, 4) == status); // the context stays broken
    }
}

TEST(aShuffleFromOutsideTheMaskShows) {
    launchFails("shuffleOutsideMask", 64, CUDA_ERROR_LAUNCH_FAILED,
            {"kernel shuffleOutsideMask, block (", ",0,0), thread (",
                    "shuffle at test.cu:38 reads lane 16, which is not active: mask 0xffff"});
}

TEST(aShuffleThatOthersNeverReachShows) {
    launchFails("shuffleWithoutOthers", 64, CUDA_ERROR_LAUNCH_FAILED,
            {"no thread can go on: 32 of 64 threads wait at the barrier at test.cu:44",
                    "warp 0: lanes 0xffff wait in the shuffle at test.cu:43 with mask 0xffffffff for lanes 0xffff0000"});
}

TEST(aShuffleWithoutItsOwnLaneShows) {
    launchFails("shuffleOfStranger", 32, CUDA_ERROR_LAUNCH_FAILED,
            {"thread (0,0,0): shuffle at test.cu:48 with mask 0xfffffffe, which leaves out its own lane 0"});
}

TEST(aShuffleFromAThreadThatEndedShows) {
    launchFails("shuffleFromEnded", 32, CUDA_ERROR_LAUNCH_FAILED,
            {"reads lane 9, which is not active: mask 0xffffffff, but that lane has ended or does not exist"});
    launchFails("shuffleFromEnded", 9, CUDA_ERROR_LAUNCH_FAILED, {"reads lane 9, which is not active"});
}

TEST(aDeadlockShows) {
    launchFails("barrierForSome", 64, CUDA_ERROR_LAUNCH_FAILED,
            {"40 of 64 threads wait at the barrier at test.cu:59", "warp 1: lanes 0xffffff00 wait in the shuffle at test.cu:61"});
}

TEST(aDivergedBarrierShows) { launchFails("twoBarriers", 64, CUDA_ERROR_LAUNCH_FAILED, {"diverged: it is at the barrier at test.cu:6"}); }

TEST_THAT_DIES(aWriteOutOfBoundsShows) {
    for (int i : {-1, -64, 100, 163}) {
        crane_soft_device_clear();
        Device device(SOURCE);
        Buffer<float> x(100);
        EXPECT(device.run("past", 1, 1, {&x.address, &i}) == CUDA_ERROR_ILLEGAL_ADDRESS);
        EXPECT(reported("kernel past wrote out of bounds: byte "
                + std::to_string(4 * i
                        + (i == -64 ? 3
                                        : i == -1 ? 3
                                                  : 0))
                + " of device buffer "));
    }
}

TEST_THAT_DIES(aWriteOutsideDynamicSharedMemoryShows) {
    for (int i : {-1, 10}) {
        crane_soft_device_clear();
        Device device(SOURCE);
        EXPECT(device.run("pastShared", 1, 1, {&i}, 40) == CUDA_ERROR_ILLEGAL_ADDRESS);
        EXPECT(reported("kernel pastShared, block (0,0,0): wrote outside its 40 bytes of dynamic shared memory"));
    }
}

// Only the sanitizer sees this one.
TEST_THAT_DIES(aWriteOutsideStaticSharedMemoryShows) {
#ifdef __SANITIZE_ADDRESS__
    Device device(SOURCE);
    Buffer<float> x(64);
    int i = 64;
    device.run("fixedShared", 1, 64, {&x.address, &i});
    test::fail(__FILE__, __LINE__, "went unnoticed");
#endif
}

TEST_THAT_DIES(aReadOutOfBoundsShows) {
#ifdef __SANITIZE_ADDRESS__
    Device device(SOURCE);
    Buffer<float> x(63), y(64);
    device.run("copy", 1, 64, {&x.address, &y.address});
    test::fail(__FILE__, __LINE__, "went unnoticed");
#endif
}

TEST_THAT_DIES(aWildAddressShows) {
    for (int repeat = 0; repeat < 3; repeat++) {
        crane_soft_device_clear();
        Device device(SOURCE);
        Buffer<int> x(2);
        int n = 3;
        EXPECT(device.run("wild", 1, 1, {&x.address, &n}) == CUDA_ERROR_ILLEGAL_ADDRESS);
        EXPECT(reported("kernel wild, block (0,0,0), thread (0,0,0): touched memory that is not the device's, at 0x3000"));
    }
}

TEST_THAT_DIES(aDivisionByZeroShows) {
#ifdef __x86_64__ // elsewhere the quotient is 0, and on a GPU it is anything
    Device device(SOURCE);
    Buffer<int> x(2);
    int n = 0;
    EXPECT(device.run("divide", 1, 1, {&x.address, &n}) == CUDA_ERROR_ILLEGAL_INSTRUCTION);
    EXPECT(reported("divided an integer by 0"));
#endif
}

TEST(aMisalignedAccessShows) {
    Device device(SOURCE);
    Buffer<float> x(16);
    int i = 4;
    CUDA(device.run("vectors", 1, 1, {&x.address, &i}));
    i = 6;
    EXPECT(device.run("vectors", 1, 1, {&x.address, &i}) == CUDA_ERROR_MISALIGNED_ADDRESS);
    EXPECT(reported("kernel vectors, block (0,0,0), thread (0,0,0): an access at test.cu:93 to 0x")
            && reported("which is not a multiple of 16"));
}

TEST(aHostPointerShows) {
    Device device(SOURCE);
    float onTheHost[32];
    CUdeviceptr address = reinterpret_cast<CUdeviceptr>(onTheHost);
    EXPECT(device.run("bounded", 1, 1, {&address}) == CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(reported("kernel bounded: parameter 0: 1 bytes at") && reported("are not memory of the device"));
}

TEST(aFreedPointerShows) {
    Device device(SOURCE);
    CUdeviceptr address;
    CUDA(cuMemAlloc_v2(&address, 128));
    CUDA(cuMemFree_v2(address));
    EXPECT(device.run("bounded", 1, 1, {&address}) == CUDA_ERROR_ILLEGAL_ADDRESS);
#ifndef __SANITIZE_ADDRESS__
    EXPECT(reported("which was freed"));
#endif
}

TEST(limitsAreEnforced) {
    Device device(SOURCE);
    Buffer<float> x(2000);
    int i = 0;
    void *one[] = {&x.address}, *shared[] = {&i};
    CUfunction bounded = device.function("bounded"), copy = device.function("copy"), past = device.function("pastShared");
    EXPECT(cuLaunchKernel(copy, 1, 1, 1, 1025, 1, 1, 0, nullptr, one, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(reported("kernel copy: not launched: 1025 threads in a block"));
    EXPECT(cuLaunchKernel(copy, 1, 1, 1, 1, 1, 65, 0, nullptr, one, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(cuLaunchKernel(copy, 1, 65536, 1, 1, 1, 1, 0, nullptr, one, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(cuLaunchKernel(copy, 0, 1, 1, 1, 1, 1, 0, nullptr, one, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(cuLaunchKernel(bounded, 1, 1, 1, 129, 1, 1, 0, nullptr, one, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(reported("its launch bounds allow 128"));
    EXPECT(cuLaunchKernel(past, 1, 1, 1, 1, 1, 1, 49 << 10, nullptr, shared, nullptr) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(reported("50176 bytes of dynamic shared memory, allowed are"));
    EXPECT(cuFuncSetAttribute(past, 8, 228 << 10) == CUDA_ERROR_INVALID_VALUE);
    CUDA(cuFuncSetAttribute(past, 8, 200 << 10));
    CUDA(cuLaunchKernel(past, 1, 1, 1, 1, 1, 1, 200 << 10, nullptr, shared, nullptr));
    CUDA(cuCtxSynchronize());
}

TEST(aWrongSizeOfArgumentsShows) {
    Device device(SOURCE);
    struct {
        CUdeviceptr x;
        long long i;
    } arguments{0, 3};
    size_t bytes = sizeof arguments; // the kernel takes a pointer and an int
    void *extra[] = {reinterpret_cast<void *>(1), &arguments, reinterpret_cast<void *>(2), &bytes, nullptr};
    EXPECT(cuLaunchKernel(device.function("past"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(reported("kernel past: not launched: its arguments have 12 bytes, given were 16"));
}

TEST(aLeakedBufferShows) {
    {
        Device device(SOURCE);
        CUdeviceptr address;
        CUDA(cuMemAlloc_v2(&address, 77));
        CUstream stream;
        CUDA(cuStreamCreate(&stream, 1));
        CUDA(cuMemAllocAsync(&address, 78, stream));
    }
    EXPECT(reported("leaked: device buffer") && reported("of 77 bytes") && reported("of 78 bytes") && reported("leaked: stream"));
    crane_soft_device_clear();
    { Device device(SOURCE); }
    EXPECT(reports().empty());
}

TEST(outOfMemory) {
    crane_soft_device_set("memory", 1 << 20);
    Device device;
    CUdeviceptr a, b;
    CUDA(cuMemAlloc_v2(&a, 700 << 10));
    EXPECT(cuMemAlloc_v2(&b, 400 << 10) == CUDA_ERROR_OUT_OF_MEMORY);
    size_t free, total;
    CUDA(cuMemGetInfo_v2(&free, &total));
    EXPECT(total == 1 << 20 && free == (1 << 20) - (700 << 10));
    CUDA(cuMemFreeAsync(a, nullptr)); // not run yet: the next allocation waits for it
    CUDA(cuMemAllocAsync(&b, 400 << 10, nullptr));
    CUDA(cuMemFree_v2(b));
}
