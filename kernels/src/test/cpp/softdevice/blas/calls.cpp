// The calls of cuBLAS 13 that are bound: the matrix products, column-major.
#include <cstring>

#include "product.h"
#include "status.h"

using namespace crane::soft;

struct Handle {
    CUstream stream = nullptr;
};

CRANE_SOFT_API int cublasCreate_v2(Handle **handle) {
    if (!handle)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (contextStatus())
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = new Handle;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasDestroy_v2(Handle *handle) {
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasGetVersion_v2(Handle *, int *version) {
    *version = 130000;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasGetProperty(int property, int *value) {
    *value = property == 0 ? 13 : 0;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API const char *cublasGetStatusName(int status) { return nameOfStatus(status); }
CRANE_SOFT_API const char *cublasGetStatusString(int status) { return textOfStatus(status); }

CRANE_SOFT_API int cublasSetStream_v2(Handle *handle, CUstream stream) {
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasSetMathMode(Handle *handle, int) { return handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED; }

CRANE_SOFT_API int cublasSetWorkspace_v2(Handle *handle, void *, size_t) {
    return handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

static Matrix columnMajor(const void *data, int type, int ld, bool transposed, long long batchStride) {
    Matrix m;
    m.data = data;
    m.element = type;
    m.rowStride = transposed ? ld : 1;
    m.columnStride = transposed ? 1 : ld;
    m.batchStride = batchStride;
    return m;
}

CRANE_SOFT_API int cublasGemmStridedBatchedEx(Handle *handle, int transA, int transB, int m, int n, int k, const void *alpha, const void *a,
        int aType, int lda, long long strideA, const void *b, int bType, int ldb, long long strideB, const void *beta, void *c, int cType,
        int ldc, long long strideC, int batch, int computeType, int) {
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (m < 0 || n < 0 || k < 0 || batch < 0 || !alpha || !beta || lda < (transA ? k : m) || ldb < (transB ? n : k) || ldc < m)
        return CUBLAS_STATUS_INVALID_VALUE;
    bool computeInF32 = computeType >= 68 && computeType <= 78 && computeType != 70 && computeType != 71;
    if (!computeInF32 || !bytesOf(aType) || aType != bType || (cType != F32 && cType != aType))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (batch == 0)
        return CUBLAS_STATUS_SUCCESS;
    Product p;
    p.name = "cublasGemm";
    p.m = m;
    p.n = n;
    p.k = k;
    p.batch = batch;
    p.a = columnMajor(a, aType, lda, transA, strideA);
    p.b = columnMajor(b, bType, ldb, transB, strideB);
    p.c = p.d = columnMajor(c, cType, ldc, false, strideC);
    memcpy(&p.alpha, alpha, sizeof p.alpha);
    memcpy(&p.beta, beta, sizeof p.beta);
    return enqueueProduct(handle->stream, p) ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasGemmEx(Handle *handle, int transA, int transB, int m, int n, int k, const void *alpha, const void *a, int aType,
        int lda, const void *b, int bType, int ldb, const void *beta, void *c, int cType, int ldc, int computeType, int algorithm) {
    return cublasGemmStridedBatchedEx(
            handle, transA, transB, m, n, k, alpha, a, aType, lda, 0, b, bType, ldb, 0, beta, c, cType, ldc, 0, 1, computeType, algorithm);
}

CRANE_SOFT_API int cublasSgemm_v2(Handle *handle, int transA, int transB, int m, int n, int k, const float *alpha, const float *a, int lda,
        const float *b, int ldb, const float *beta, float *c, int ldc) {
    return cublasGemmEx(handle, transA, transB, m, n, k, alpha, a, F32, lda, b, F32, ldb, beta, c, F32, ldc, 68, -1);
}

// The arrays of pointers lie on the device, which would have to be read when the product runs.
CRANE_SOFT_API int cublasGemmBatchedEx(Handle *, int, int, int, int, int, const void *, const void *const *, int, int, const void *const *,
        int, int, const void *, void *const *, int, int, int, int, int) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
}
