// What every lab program needs: buffers, numbers, comparison, and times with the caches flushed.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include <cuda_runtime.h>

#define LAB_CHECK(call)                                                                                      \
    do {                                                                                                     \
        cudaError_t status = (call);                                                                         \
        if (status != cudaSuccess) {                                                                         \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(status));       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

namespace lab {

inline std::vector<float> random(size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values)
        value = normal(generator);
    return values;
}

// ‖actual − expected‖ / ‖expected‖; NaN where something is.
inline double error(const std::vector<float>& expected, const std::vector<float>& actual) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < expected.size(); i++) {
        difference += pow((double)actual[i] - expected[i], 2);
        size += pow((double)expected[i], 2);
    }
    return sqrt(difference / size);
}

// Device memory.
template <class T> struct Device {
    T* data = nullptr;
    size_t count;

    explicit Device(size_t count) : count(count) { LAB_CHECK(cudaMalloc(&data, count * sizeof(T))); }
    explicit Device(const std::vector<T>& values) : Device(values.size()) {
        LAB_CHECK(cudaMemcpy(data, values.data(), count * sizeof(T), cudaMemcpyHostToDevice));
    }
    Device(const Device&) = delete;
    ~Device() { cudaFree(data); }

    // All bits set: NaN as a float, so that what is not written shows.
    void poison() { LAB_CHECK(cudaMemset(data, 0xff, count * sizeof(T))); }

    std::vector<T> download() const {
        std::vector<T> values(count);
        LAB_CHECK(cudaMemcpy(values.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost));
        return values;
    }
};

// Times launches one by one by events; the second-level cache is overwritten before each, clocks are as found.
class Timer {
    static const int REPEAT = 51;
    cudaEvent_t start, end;
    size_t flushBytes;
    char* flush;

  public:
    double copyRate; // bytes a second, read and written, of a copy on the device: what the memory gives

    Timer() {
        cudaDeviceProp device;
        LAB_CHECK(cudaGetDeviceProperties(&device, 0));
        LAB_CHECK(cudaEventCreate(&start));
        LAB_CHECK(cudaEventCreate(&end));
        flushBytes = std::max<size_t>(2 * (size_t)device.l2CacheSize, 64 << 20);
        LAB_CHECK(cudaMalloc(&flush, flushBytes));
        size_t bytes = 512 << 20;
        Device<char> from(bytes), to(bytes);
        from.poison();
        std::vector<float> times = measure([&] { LAB_CHECK(cudaMemcpyAsync(to.data, from.data, bytes, cudaMemcpyDeviceToDevice)); });
        copyRate = 2.0 * bytes / (times[0] / 1e3);
        printf("%s: a copy moves %.0f GB/s\n", device.name, copyRate / 1e9);
    }

    // Milliseconds of each run, ascending.
    template <class F> std::vector<float> measure(F run) {
        std::vector<float> times;
        for (int i = -5; i < REPEAT; i++) {
            LAB_CHECK(cudaMemsetAsync(flush, i & 0xff, flushBytes));
            LAB_CHECK(cudaEventRecord(start));
            run();
            LAB_CHECK(cudaEventRecord(end));
            LAB_CHECK(cudaEventSynchronize(end));
            float milliseconds;
            LAB_CHECK(cudaEventElapsedTime(&milliseconds, start, end));
            if (i >= 0)
                times.push_back(milliseconds);
        }
        std::sort(times.begin(), times.end());
        return times;
    }

    template <class F> void report(int version, double error, double bytes, F run) {
        std::vector<float> times = measure(run);
        LAB_CHECK(cudaGetLastError());
        double median = times[REPEAT / 2] / 1e3;
        printf("%7d  %8.1e  %9.2f  %6.2f  %7.0f  %8.1f %%\n", version, error, median * 1e6,
               100.0 * (times[3 * REPEAT / 4] - times[REPEAT / 4]) / 2 / times[REPEAT / 2], bytes / median / 1e9, 100 * bytes / median / copyRate);
    }
};

inline void header(const Timer&, const char* op, int rows, int width) {
    printf("%s, %d x %d\nversion     error  median us    +- %%     GB/s  of a copy\n", op, rows, width);
}

} // namespace lab
