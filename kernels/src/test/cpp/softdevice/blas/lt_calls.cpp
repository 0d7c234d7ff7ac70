// The calls of cuBLASLt 13: descriptors, the heuristic, the matrix product.
#include <algorithm>
#include <cstring>

#include "product.h"
#include "status.h"

using namespace crane::soft;

struct Handle {
    int alive = 1;
};

struct Description { // of a product; numbers are those of cublasLtMatmulDescAttributes_t
    int computeType, scaleType;
    int pointerMode = 0, transA = 0, transB = 0, transC = 0, epilogue = 1, biasType = -1;
    void *bias = nullptr;
    int64_t biasBatchStride = 0;
};

struct Layout {
    int type, order = 0, batch = 1;
    uint64_t rows, columns;
    int64_t ld, batchStride = 0;
};

struct Preference {
    uint64_t workspace = 0;
    uint32_t alignment[4] = {256, 256, 256, 256};
};

struct Algorithm { // what the heuristic hands out, of the size of cublasLtMatmulAlgo_t
    uint64_t magic, workspace, shape, unused[5];
    static constexpr uint64_t MAGIC = 0x6d68746972676c61;
};

struct Heuristic {
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};

static constexpr size_t WORKSPACE_BYTES = 4096; // what a product asks for where it may: nothing is kept in it, but it is written

CRANE_SOFT_API int cublasLtCreate(Handle **handle) {
    if (!handle)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (contextStatus())
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = new Handle;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtDestroy(Handle *handle) {
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API size_t cublasLtGetVersion() { return 130000; }
CRANE_SOFT_API const char *cublasLtGetStatusName(int status) { return nameOfStatus(status); }
CRANE_SOFT_API const char *cublasLtGetStatusString(int status) { return textOfStatus(status); }

CRANE_SOFT_API int cublasLtGetProperty(int property, int *value) {
    *value = property == 0 ? 13 : 0;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmulDescCreate(Description **result, int computeType, int scaleType) {
    if (!result)
        return CUBLAS_STATUS_INVALID_VALUE;
    *result = new Description{computeType, scaleType};
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmulDescDestroy(Description *description) {
    delete description;
    return CUBLAS_STATUS_SUCCESS;
}

// An attribute's value, if it has the size that this attribute has.
template <class T> static int assign(T &to, const void *from, size_t bytes) {
    if (bytes != sizeof(T))
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(&to, from, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmulDescSetAttribute(Description *d, int attribute, const void *value, size_t bytes) {
    if (!d || !value)
        return CUBLAS_STATUS_INVALID_VALUE;
    switch (attribute) {
    case 0:
        return assign(d->computeType, value, bytes);
    case 1:
        return assign(d->scaleType, value, bytes);
    case 2:
        return assign(d->pointerMode, value, bytes);
    case 3:
        return assign(d->transA, value, bytes);
    case 4:
        return assign(d->transB, value, bytes);
    case 5:
        return assign(d->transC, value, bytes);
    case 7:
        return assign(d->epilogue, value, bytes);
    case 8:
        return assign(d->bias, value, bytes);
    case 10:
        return assign(d->biasBatchStride, value, bytes);
    case 26:
        return assign(d->biasType, value, bytes);
    case 15: // multiprocessors to aim for
    case 25: // fast accumulation, of 8-bit types
        return CUBLAS_STATUS_SUCCESS;
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

CRANE_SOFT_API int cublasLtMatrixLayoutCreate(Layout **result, int type, uint64_t rows, uint64_t columns, int64_t ld) {
    if (!result)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!bytesOf(type))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    Layout *layout = new Layout;
    layout->type = type;
    layout->rows = rows;
    layout->columns = columns;
    layout->ld = ld;
    *result = layout;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatrixLayoutDestroy(Layout *layout) {
    delete layout;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatrixLayoutSetAttribute(Layout *l, int attribute, const void *value, size_t bytes) {
    if (!l || !value)
        return CUBLAS_STATUS_INVALID_VALUE;
    switch (attribute) {
    case 0:
        return assign(l->type, value, bytes);
    case 1:
        return assign(l->order, value, bytes);
    case 2:
        return assign(l->rows, value, bytes);
    case 3:
        return assign(l->columns, value, bytes);
    case 4:
        return assign(l->ld, value, bytes);
    case 5:
        return assign(l->batch, value, bytes);
    case 6:
        return assign(l->batchStride, value, bytes);
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

CRANE_SOFT_API int cublasLtMatmulPreferenceCreate(Preference **result) {
    if (!result)
        return CUBLAS_STATUS_INVALID_VALUE;
    *result = new Preference;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmulPreferenceDestroy(Preference *preference) {
    delete preference;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmulPreferenceSetAttribute(Preference *p, int attribute, const void *value, size_t bytes) {
    if (!p || !value)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (attribute == 1)
        return assign(p->workspace, value, bytes);
    if (attribute >= 5 && attribute <= 8)
        return assign(p->alignment[attribute - 5], value, bytes);
    return attribute >= 0 && attribute <= 12 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

// ---- the product ----

static Matrix matrix(const Layout &l, bool transposed, const void *data) {
    Matrix m;
    m.data = data;
    m.element = l.type;
    m.rowStride = l.order ? l.ld : 1;
    m.columnStride = l.order ? 1 : l.ld;
    m.batchStride = l.batchStride;
    if (transposed)
        std::swap(m.rowStride, m.columnStride);
    return m;
}

static bool wellFormed(const Layout &l) {
    return l.order <= 1 && l.order >= 0 && l.ld >= static_cast<int64_t>(l.order ? l.columns : l.rows) && l.batch >= 1;
}

static uint64_t rowsOf(const Layout &l, int transposed) { return transposed ? l.columns : l.rows; }
static uint64_t columnsOf(const Layout &l, int transposed) { return transposed ? l.rows : l.columns; }

// Whether this product exists and, as far as is known, a real library computes it.
static int check(const Description &d, const Layout &a, const Layout &b, const Layout &c, const Layout &dd) {
    if (!wellFormed(a) || !wellFormed(b) || !wellFormed(c) || !wellFormed(dd))
        return CUBLAS_STATUS_INVALID_VALUE;
    uint64_t m = rowsOf(a, d.transA), k = columnsOf(a, d.transA), n = columnsOf(b, d.transB);
    if (rowsOf(b, d.transB) != k || dd.rows != m || dd.columns != n || c.rows != m || c.columns != n || a.batch != dd.batch
            || b.batch != dd.batch)
        return CUBLAS_STATUS_INVALID_VALUE;
    bool computeInF32 = d.computeType >= 68 && d.computeType <= 78 && d.computeType != 70 && d.computeType != 71;
    int epilogue = d.epilogue & ~4;
    if (!computeInF32 || d.scaleType != F32 || a.type != b.type || d.transC || d.pointerMode > 1
            || (epilogue != 1 && epilogue != 0 && epilogue != 2 && epilogue != 32) || d.biasBatchStride)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (a.type == F32 ? dd.type != F32 : dd.type != F32 && dd.type != a.type)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    return c.type == dd.type ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

static uint64_t shapeOf(const Layout &a, const Layout &b, const Layout &d) {
    uint64_t hash = 0;
    for (const Layout *l : {&a, &b, &d})
        for (uint64_t x : {l->rows, l->columns, static_cast<uint64_t>(l->type), static_cast<uint64_t>(l->order)})
            hash = (hash ^ x) * 0x100000001b3 + 1;
    return hash;
}

CRANE_SOFT_API int cublasLtMatmulAlgoGetHeuristic(Handle *handle, Description *description, Layout *a, Layout *b, Layout *c, Layout *d,
        Preference *preference, int wanted, Heuristic *results, int *count) {
    if (!handle || !description || !a || !b || !c || !d || !preference || wanted < 1 || !results || !count)
        return CUBLAS_STATUS_INVALID_VALUE;
    *count = 0;
    if (int status = check(*description, *a, *b, *c, *d))
        return status;
    size_t workspace = std::min<size_t>(WORKSPACE_BYTES, preference->workspace);
    *results = {};
    results->algorithm = {Algorithm::MAGIC, workspace, shapeOf(*a, *b, *d), {}};
    results->workspace = workspace;
    results->waves = 1;
    *count = 1;
    return CUBLAS_STATUS_SUCCESS;
}

CRANE_SOFT_API int cublasLtMatmul(Handle *handle, Description *description, const void *alpha, const void *a, Layout *aLayout,
        const void *b, Layout *bLayout, const void *beta, const void *c, Layout *cLayout, void *d, Layout *dLayout,
        const Algorithm *algorithm, void *workspace, size_t workspaceBytes, CUstream stream) {
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!description || !alpha || !beta || !aLayout || !bLayout || !cLayout || !dLayout)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (int status = check(*description, *aLayout, *bLayout, *cLayout, *dLayout))
        return status;
    Product p;
    p.name = "cublasLtMatmul";
    if (algorithm) {
        if (algorithm->magic != Algorithm::MAGIC || algorithm->shape != shapeOf(*aLayout, *bLayout, *dLayout)) {
            say("cublasLtMatmul: the algorithm was chosen for another shape");
            return CUBLAS_STATUS_INVALID_VALUE;
        }
        if (algorithm->workspace > workspaceBytes)
            return CUBLAS_STATUS_INVALID_VALUE;
        p.workspace = workspace;
        p.workspaceBytes = algorithm->workspace;
    }
    p.m = static_cast<int64_t>(rowsOf(*aLayout, description->transA));
    p.k = static_cast<int64_t>(columnsOf(*aLayout, description->transA));
    p.n = static_cast<int64_t>(columnsOf(*bLayout, description->transB));
    p.batch = dLayout->batch;
    p.a = matrix(*aLayout, description->transA, a);
    p.b = matrix(*bLayout, description->transB, b);
    p.c = matrix(*cLayout, false, c);
    p.d = matrix(*dLayout, false, d);
    if (description->pointerMode == 1) {
        p.deviceAlpha = static_cast<const float *>(alpha);
        p.deviceBeta = static_cast<const float *>(beta);
    } else {
        memcpy(&p.alpha, alpha, sizeof p.alpha);
        memcpy(&p.beta, beta, sizeof p.beta);
    }
    if (description->epilogue & 4) {
        if (!description->bias)
            return CUBLAS_STATUS_INVALID_VALUE;
        p.bias = description->bias;
        p.biasElement = description->biasType >= 0 ? description->biasType : dLayout->type;
    }
    p.activation = description->epilogue & 2 ? Activation::RELU : description->epilogue & 32 ? Activation::GELU : Activation::NONE;
    return enqueueProduct(stream, p) ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}
