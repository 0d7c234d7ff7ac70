// Root-mean-square norm, f32:  y[t, i] = x[t, i] · w[i] / √(mean_i x[t, i]² + eps);  x and y [rows, width], w [width].
//
// Versions tried, and the idea of each. All are deterministic. What bounds them all is bytes: 8 an element (x in, y out; w stays in the cache),
// so 4,096 × 4,096 is 134 MB, 31 µs at 4.3 TB/s.
//
//   1  a thread a row: what the formula says. Neighbouring threads read addresses a row apart: every load is a transaction of its own.
//   2  a warp a row: lanes read neighbours, the sum goes through shuffles. x is read twice, the second time from the cache.
//   3  a block a row: long rows get more threads; sums of warps meet in shared memory.
//   4  as 3, 16 bytes a load, and x stays in registers between sum and scaling: every byte of it is read once. Widths that are no multiple of 4,
//      or above 8,192, are left to version 3.
//
// The product's kernel is kernels/src/main/cuda/rms_norm.cu: version 4 with the residual addition fused in, bf16 and any width.
// This file holds kernels alone and includes nothing, so that NVRTC and the software device of the tests compile it as nvcc does.

extern "C" __global__ void __launch_bounds__(256) rms_norm_1(const float* x, const float* w, float eps, int rows, int width, float* y) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    x += (long long)row * width;
    y += (long long)row * width;
    float squares = 0.f;
    for (int i = 0; i < width; i++)
        squares += x[i] * x[i];
    float inverse = 1.f / sqrtf(squares / (float)width + eps);
    for (int i = 0; i < width; i++)
        y[i] = x[i] * inverse * w[i];
}

__device__ __forceinline__ float lab_warp_sum(float value) {
    for (int distance = 16; distance > 0; distance /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, distance);
    return value;
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_2(const float* x, const float* w, float eps, int rows, int width, float* y) {
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= rows) // whole warps leave
        return;
    x += (long long)row * width;
    y += (long long)row * width;
    float squares = 0.f;
    for (int i = lane; i < width; i += 32)
        squares += x[i] * x[i];
    float inverse = 1.f / sqrtf(lab_warp_sum(squares) / (float)width + eps);
    for (int i = lane; i < width; i += 32)
        y[i] = x[i] * inverse * w[i];
}

// The sum over a block of up to 256 threads, a multiple of 32, in every thread.
__device__ __forceinline__ float lab_block_sum(float value, float* sums) {
    value = lab_warp_sum(value);
    if (threadIdx.x % 32 == 0)
        sums[threadIdx.x / 32] = value;
    __syncthreads();
    float total = 0.f;
    for (int i = 0; i < (int)blockDim.x / 32; i++) // the same order in every thread
        total += sums[i];
    return total;
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_3(const float* x, const float* w, float eps, int rows, int width, float* y) {
    __shared__ float sums[8];
    x += (long long)blockIdx.x * width;
    y += (long long)blockIdx.x * width;
    float squares = 0.f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        squares += x[i] * x[i];
    float inverse = 1.f / sqrtf(lab_block_sum(squares, sums) / (float)width + eps);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[i] = x[i] * inverse * w[i];
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_4(const float* x, const float* w, float eps, int rows, int width, float* y) {
    __shared__ float sums[8];
    const int KEPT = 8; // 256 threads · 8 · 4 = 8,192
    const float4* x4 = (const float4*)(x + (long long)blockIdx.x * width);
    const float4* w4 = (const float4*)w;
    float4* y4 = (float4*)(y + (long long)blockIdx.x * width);
    float4 kept[KEPT];
    float squares = 0.f;
#pragma unroll
    for (int k = 0; k < KEPT; k++) { // all loads first: they are in flight together
        int i = threadIdx.x + k * blockDim.x;
        if (i < width / 4)
            kept[k] = x4[i];
    }
#pragma unroll
    for (int k = 0; k < KEPT; k++)
        if ((int)(threadIdx.x + k * blockDim.x) < width / 4)
            squares += kept[k].x * kept[k].x + kept[k].y * kept[k].y + kept[k].z * kept[k].z + kept[k].w * kept[k].w;
    float inverse = 1.f / sqrtf(lab_block_sum(squares, sums) / (float)width + eps);
#pragma unroll
    for (int k = 0; k < KEPT; k++) {
        int i = threadIdx.x + k * blockDim.x;
        if (i < width / 4) {
            float4 g = w4[i], out;
            out.x = kept[k].x * inverse * g.x;
            out.y = kept[k].y * inverse * g.y;
            out.z = kept[k].z * inverse * g.z;
            out.w = kept[k].w * inverse * g.w;
            y4[i] = out;
        }
    }
}
