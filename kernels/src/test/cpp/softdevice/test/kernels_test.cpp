// Kernels that are right give the right numbers: barriers, shuffles, votes, shared memory, parameters, for many orders of warps and lanes.
#include <cmath>

#include "test.h"

using namespace test;

static const char *const SOURCE = R"(
struct Pair { int a; float b; };

extern "C" __global__ void add(const float* x, const float* y, float* z, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        z[i] = x[i] + y[i];
}

template <class T> static __device__ T blockSum(T x) {
    __shared__ T partial[32];
    for (int step = 16; step > 0; step >>= 1)
        x += __shfl_xor_sync(0xffffffffu, x, step);
    __syncthreads();
    if (threadIdx.x % 32 == 0)
        partial[threadIdx.x / 32] = x;
    __syncthreads();
    T sum = 0;
    for (int w = 0; w < (int)blockDim.x / 32; w++)
        sum += partial[w];
    return sum;
}

extern "C" __global__ void __launch_bounds__(256) sums(const float* x, float* out, double* wide, int n) {
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x)
        sum += x[(size_t)blockIdx.x * n + i];
    sum = blockSum(sum);
    double twice = blockSum((double)sum);
    if (threadIdx.x == 0) {
        out[blockIdx.x] = sum;
        wide[blockIdx.x] = twice;
    }
}

#define MIXED(name, type) \
    extern "C" __global__ void name(type first, long long second, Pair pair, const int* pointer, short last, float* out) { \
        out[0] = (float)first; out[1] = (float)second; out[2] = (float)pair.a; out[3] = pair.b; out[4] = pointer ? 1.f : 0.f; out[5] = (float)last; }
MIXED(mixed_char, signed char)
MIXED(mixed_int, int)

// Each thread reverses within the block through dynamic shared memory.
extern "C" __global__ void reverse(float* x) {
    CRANE_DYNAMIC_SHARED(float, s);
    s[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
}

// Odd and even lanes go separate ways, each half with its own mask, and one lane has left before.
extern "C" __global__ void halves(int* out) {
    int lane = threadIdx.x;
    if (lane == 31)
        return;
    unsigned odd = 0x2aaaaaaau, even = 0x55555555u;
    int value = lane;
    if (lane & 1) {
        for (int step = 2; step < 32; step *= 2) {
            int other = __shfl_sync(odd, value, (lane + 2) % 30 | 1);
            value += other == 1000;
        }
        value = __shfl_sync(odd, lane, 1) + 100;
    } else {
        value = __shfl_sync(even, lane, 30) + 200;
    }
    unsigned all = __activemask();
    out[lane] = value;
    out[32 + lane] = (int)__ballot_sync(all, lane % 3 == 0);
    out[64 + lane] = __any_sync(all, lane == 7) * 2 + __all_sync(all, lane < 31);
}

extern "C" __global__ void barriers(int* out) {
    int t = threadIdx.x;
    int count = __syncthreads_count(t % 3 == 0);
    int all = __syncthreads_and(t < (int)blockDim.x);
    int notAll = __syncthreads_and(t != 5);
    int any = __syncthreads_or(t == 77);
    int none = __syncthreads_or(0);
    out[t] = count * 16 + all * 8 + notAll * 4 + any * 2 + none;
}

extern "C" __global__ void shuffles(int* out) {
    int lane = threadIdx.x % 32, t = threadIdx.x;
    out[t] = __shfl_up_sync(0xffffffffu, lane, 3);
    out[64 + t] = __shfl_down_sync(0xffffffffu, lane, 3, 8);
    out[128 + t] = __shfl_xor_sync(0xffffffffu, lane, 5, 16);
    out[192 + t] = __shfl_sync(0xffffffffu, lane, 9, 4);
}

extern "C" __global__ void indices(int* out) {
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    __syncthreads();
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread;
}

extern "C" __global__ void tally(int* counts, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&counts[i % n], 1);
    atomicMax(&counts[n], i);
}
)";

TEST(elementwise) {
    Device device(SOURCE);
    int n = 5000;
    std::vector<float> x(n), y(n);
    for (int i = 0; i < n; i++)
        x[i] = static_cast<float>(i), y[i] = 0.5f * static_cast<float>(i);
    Buffer<float> a(x), b(y), c(n);
    CUDA(device.run("add", 20, 256, {&a.address, &b.address, &c.address, &n}));
    std::vector<float> z = c.read();
    for (int i = 0; i < n; i++)
        EXPECT(z[i] == x[i] + y[i]);
}

TEST(sumsOverBlocks) {
    for (int seed = 1; seed <= 8; seed++) {
        crane_soft_device_set("seed", seed);
        for (unsigned threads : {32u, 64u, 256u}) {
            Device device(SOURCE);
            int n = 1000, rows = 37;
            std::vector<float> x(n * rows);
            for (int i = 0; i < n * rows; i++)
                x[i] = static_cast<float>(i % 17 - 5);
            Buffer<float> in(x), out(rows);
            Buffer<double> wide(rows);
            CUDA(device.run("sums", rows, threads, {&in.address, &out.address, &wide.address, &n}));
            std::vector<float> sums = out.read();
            std::vector<double> twice = wide.read();
            for (int r = 0; r < rows; r++) {
                float sum = 0;
                for (int i = 0; i < n; i++)
                    sum += x[r * n + i];
                EXPECT(sums[r] == sum); // small integers: exact in any order
                EXPECT(twice[r] == static_cast<double>(sum) * threads);
            }
        }
    }
    EXPECT(reports().empty());
}

TEST(parametersOfAllKinds) {
    Device device(SOURCE);
    Buffer<float> out(6);
    signed char first = -3;
    int firstInt = -70000;
    long long second = 1ll << 33;
    struct {
        int a;
        float b;
    } pair{7, 2.5f};
    CUdeviceptr none = 0;
    short last = -2;
    CUDA(device.run("mixed_char", 1, 1, {&first, &second, &pair, &none, &last, &out.address}));
    EXPECT((out.read() == std::vector<float>{-3, 8589934592.f, 7, 2.5f, 0, -2}));
    CUDA(device.run("mixed_int", 1, 1, {&firstInt, &second, &pair, &out.address, &last, &out.address}));
    EXPECT((out.read() == std::vector<float>{-70000, 8589934592.f, 7, 2.5f, 1, -2}));
    size_t offset, bytes;
    size_t expected[][2] = {{0, 1}, {8, 8}, {16, 8}, {24, 8}, {32, 2}, {40, 8}};
    for (size_t i = 0; i < 6; i++) {
        CUDA(cuFuncGetParamInfo(device.function("mixed_char"), i, &offset, &bytes));
        EXPECT(offset == expected[i][0] && bytes == expected[i][1]);
    }
    EXPECT(cuFuncGetParamInfo(device.function("mixed_char"), 6, &offset, &bytes) == CUDA_ERROR_INVALID_VALUE);
}

TEST(launchBoundsAreKnown) {
    Device device(SOURCE);
    int bounds;
    CUDA(cuFuncGetAttribute(&bounds, 0, device.function("sums")));
    EXPECT(bounds == 256);
    CUDA(cuFuncGetAttribute(&bounds, 0, device.function("add")));
    EXPECT(bounds == 1024);
}

TEST(dynamicSharedMemory) {
    Device device(SOURCE);
    for (unsigned n : {1u, 33u, 1024u}) {
        std::vector<float> x(n);
        for (unsigned i = 0; i < n; i++)
            x[i] = static_cast<float>(i);
        Buffer<float> buffer(x);
        CUDA(device.run("reverse", 1, n, {&buffer.address}, n * 4));
        std::vector<float> y = buffer.read();
        for (unsigned i = 0; i < n; i++)
            EXPECT(y[i] == x[n - 1 - i]);
    }
}

TEST(partialWarps) {
    for (int seed = 1; seed <= 8; seed++) {
        crane_soft_device_set("seed", seed);
        Device device(SOURCE);
        Buffer<int> out(96);
        CUDA(device.run("halves", 1, 32, {&out.address}));
        std::vector<int> v = out.read();
        for (int lane = 0; lane < 31; lane++) {
            EXPECT(v[lane] == (lane & 1 ? 101 : 230));
            EXPECT(v[32 + lane] == 0x09249249 + (1 << 30) || v[32 + lane] == 0x49249249);
            EXPECT(v[64 + lane] == 3);
        }
        EXPECT(v[31] == -1); // fresh memory is all ones
    }
}

TEST(barriersThatCount) {
    Device device(SOURCE);
    Buffer<int> out(100);
    CUDA(device.run("barriers", 3, 100, {&out.address}));
    for (int v : out.read())
        EXPECT(v == 34 * 16 + 8 + 2);
}

TEST(shufflesOfAllKinds) {
    Device device(SOURCE);
    Buffer<int> out(256);
    CUDA(device.run("shuffles", 1, 64, {&out.address}));
    std::vector<int> v = out.read();
    for (int t = 0; t < 64; t++) {
        int lane = t % 32;
        EXPECT(v[t] == (lane < 3 ? lane : lane - 3));
        EXPECT(v[64 + t] == (lane % 8 + 3 > 7 ? lane : lane + 3));
        EXPECT(v[128 + t] == (lane ^ 5));
        EXPECT(v[192 + t] == (lane / 4 * 4 + 1));
    }
}

TEST(indicesInThreeDimensions) {
    Device device(SOURCE);
    Buffer<int> out(2 * 3 * 4 * 5 * 3 * 2);
    void *arguments[] = {&out.address};
    CUDA(cuLaunchKernel(device.function("indices"), 2, 3, 4, 5, 3, 2, 0, nullptr, arguments, nullptr));
    std::vector<int> v = out.read();
    for (int i = 0; i < static_cast<int>(v.size()); i++)
        EXPECT(v[i] == i / 30 * 1000 + i % 30);
}

TEST(atomicsAcrossBlocks) {
    Device device(SOURCE);
    int n = 7;
    Buffer<int> counts(std::vector<int>(8, 0));
    CUDA(device.run("tally", 70, 128, {&counts.address, &n}));
    std::vector<int> v = counts.read();
    for (int i = 0; i < n; i++)
        EXPECT(v[i] == 1280);
    EXPECT(v[n] == 70 * 128 - 1);
}

TEST(errorsOfTheCompilerNameTheLine) {
    std::string log = compileError("\n\nextern \"C\" __global__ void f(float* x) {\n    x[0] = undefined;\n}\n");
    EXPECT(log.find("test.cu:4:") != std::string::npos);
    EXPECT(log.find("undefined") != std::string::npos);
    EXPECT(compileError("extern \"C\" __global__ void f(float* x) { atomicAdd(x, 1.f); }").find("deleted") != std::string::npos);
    EXPECT(compileError("extern \"C\" __global__ void f(int* x) { volatile int a[9000]; a[x[0]] = 1; x[0] = a[x[1]]; }").find("frame")
            != std::string::npos);
}

TEST(otherImagesAreNotForThisDevice) {
    Device device;
    CUmodule module;
    alignas(8) static const char fatbin[64] = {0x50, static_cast<char>(0xed), 0x55, static_cast<char>(0xba)};
    EXPECT(cuModuleLoadData(&module, fatbin) == CUDA_ERROR_NO_BINARY_FOR_GPU);
    EXPECT(cuModuleLoadData(&module, ".version 8.0\n") == CUDA_ERROR_NO_BINARY_FOR_GPU);
}
