// D = epilogue(alpha · A · B + beta · C), in f32, over matrices of any layout.
#pragma once

#include <cstdint>
#include <string>

#include "../driver/for_libraries.h"

namespace crane::soft {

// cudaDataType
enum Element : int { F32 = 0, F16 = 2, BF16 = 14 };

// 0 for a type that is not known.
CRANE_SOFT_SHARED size_t bytesOf(int element);

float readElement(const void *p, int element);
void writeElement(void *p, int element, float value);

struct Matrix {
    const void *data = nullptr;
    int element = F32;
    int64_t rowStride = 1, columnStride = 0, batchStride = 0; // in elements
};

enum class Activation { NONE, RELU, GELU };

struct Product {
    std::string name;
    int64_t m = 0, n = 0, k = 0, batch = 1;
    Matrix a, b, c, d; // m x k, k x n, m x n, m x n
    float alpha = 1, beta = 0;
    const float *deviceAlpha = nullptr, *deviceBeta = nullptr; // read when it runs, where set
    const void *bias = nullptr;                                // m values, one for each row of D
    int biasElement = F32;
    Activation activation = Activation::NONE;
    void *workspace = nullptr;
    size_t workspaceBytes = 0;
};

// Enqueues it; a CUresult.
CRANE_SOFT_SHARED CUresult enqueueProduct(CUstream stream, const Product &product);

} // namespace crane::soft
