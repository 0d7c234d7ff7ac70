// Matrix products against sums in double precision.
#include <cmath>

#include "test.h"

using namespace test;

enum { F32 = 0, F16 = 2, BF16 = 14, COMPUTE_F32 = 68, TRANS_A = 3, TRANS_B = 4, EPILOGUE = 7, BIAS = 8, ORDER = 1, BATCH = 5, STRIDE = 6 };

static uint16_t bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float fromBf16(uint16_t x) {
    uint32_t bits = static_cast<uint32_t>(x) << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

struct Shape {
    int m, n, k;
    bool transA, transB, rowMajor, bias;
    int type, outType, batch;
};

static float value(int i) { return static_cast<float>((i * 7919 + 13) % 63 - 31) / 32; } // exact in bf16

static void check(const Shape &s) {
    Device device;
    int64_t lda = (s.rowMajor != s.transA ? s.k : s.m) + 3, ldb = (s.rowMajor != s.transB ? s.n : s.k) + 1,
            ldd = (s.rowMajor ? s.n : s.m) + 2;
    int64_t sizeA = lda * (s.rowMajor != s.transA ? s.m : s.k), sizeB = ldb * (s.rowMajor != s.transB ? s.k : s.n),
            sizeD = ldd * (s.rowMajor ? s.m : s.n);
    size_t bytes = s.type == F32 ? 4 : 2, outBytes = s.outType == F32 ? 4 : 2;
    auto fill = [](size_t n, size_t size, int seed) {
        std::vector<char> all(n * size);
        for (size_t i = 0; i < n; i++) {
            float x = value(static_cast<int>(i) + seed);
            uint16_t half = bf16(x);
            memcpy(&all[i * size], size == 4 ? static_cast<void *>(&x) : &half, size);
        }
        return all;
    };
    Buffer<char> a(fill(static_cast<size_t>(sizeA * s.batch), bytes, 1)), b(fill(static_cast<size_t>(sizeB * s.batch), bytes, 2)),
            d(fill(static_cast<size_t>(sizeD * s.batch), outBytes, 3)), bias(fill(static_cast<size_t>(s.m), outBytes, 4));

    void *handle, *description, *la, *lb, *ld, *preference;
    EXPECT(!cublasLtCreate(&handle));
    EXPECT(!cublasLtMatmulDescCreate(&description, COMPUTE_F32, F32));
    int transA = s.transA, transB = s.transB, epilogue = 4, order = 1;
    cublasLtMatmulDescSetAttribute(description, TRANS_A, &transA, 4);
    cublasLtMatmulDescSetAttribute(description, TRANS_B, &transB, 4);
    if (s.bias) {
        cublasLtMatmulDescSetAttribute(description, EPILOGUE, &epilogue, 4);
        cublasLtMatmulDescSetAttribute(description, BIAS, &bias.address, 8);
    }
    cublasLtMatrixLayoutCreate(&la, s.type, s.transA ? s.k : s.m, s.transA ? s.m : s.k, lda);
    cublasLtMatrixLayoutCreate(&lb, s.type, s.transB ? s.n : s.k, s.transB ? s.k : s.n, ldb);
    cublasLtMatrixLayoutCreate(&ld, s.outType, s.m, s.n, ldd);
    int64_t sizes[] = {sizeA, sizeB, sizeD};
    int i = 0;
    for (void *layout : {la, lb, ld}) {
        if (s.rowMajor)
            cublasLtMatrixLayoutSetAttribute(layout, ORDER, &order, 4);
        cublasLtMatrixLayoutSetAttribute(layout, BATCH, &s.batch, 4);
        cublasLtMatrixLayoutSetAttribute(layout, STRIDE, &sizes[i++], 8);
    }
    cublasLtMatmulPreferenceCreate(&preference);
    struct {
        char algorithm[64];
        size_t workspace;
        int state;
        float waves;
        int reserved[4];
    } found;
    int count;
    uint64_t limit = 1 << 20;
    cublasLtMatmulPreferenceSetAttribute(preference, 1, &limit, 8);
    EXPECT(!cublasLtMatmulAlgoGetHeuristic(handle, description, la, lb, ld, ld, preference, 1, &found, &count) && count == 1);
    Buffer<char> workspace(1 << 20);
    float alpha = 0.5f, beta = 2;
    EXPECT(!cublasLtMatmul(handle, description, &alpha, reinterpret_cast<void *>(a.address), la, reinterpret_cast<void *>(b.address), lb,
            &beta, reinterpret_cast<void *>(d.address), ld, reinterpret_cast<void *>(d.address), ld, &found,
            reinterpret_cast<void *>(workspace.address), 1 << 20, nullptr));
    std::vector<char> result = d.read();
    for (int batch = 0; batch < s.batch; batch++)
        for (int row = 0; row < s.m; row++)
            for (int column = 0; column < s.n; column++) {
                auto at = [&](int64_t r, int64_t c, int64_t lead, bool rowMajor) { return rowMajor ? r * lead + c : r + c * lead; };
                double sum = 0;
                for (int p = 0; p < s.k; p++)
                    sum += static_cast<double>(value(
                                   static_cast<int>(batch * sizeA + (s.transA ? at(p, row, lda, s.rowMajor) : at(row, p, lda, s.rowMajor)))
                                   + 1))
                            * value(static_cast<int>(
                                            batch * sizeB + (s.transB ? at(column, p, ldb, s.rowMajor) : at(p, column, ldb, s.rowMajor)))
                                    + 2);
                int64_t to = batch * sizeD + at(row, column, ldd, s.rowMajor);
                double expected = alpha * sum + beta * value(static_cast<int>(to) + 3) + (s.bias ? value(row + 4) : 0);
                float got;
                if (outBytes == 4) {
                    memcpy(&got, &result[static_cast<size_t>(to) * 4], 4);
                } else {
                    uint16_t half;
                    memcpy(&half, &result[static_cast<size_t>(to) * 2], 2);
                    got = fromBf16(half);
                }
                // f32: each of k sums rounds by half a unit of at most k; bf16: one rounding to eight bits more
                double tolerance = s.k * s.k * 0x1p-24 + (outBytes == 2 ? std::fabs(expected) * 0x1p-8 : 0) + 1e-6;
                EXPECT(std::fabs(got - expected) <= tolerance);
            }
    cublasLtMatmulPreferenceDestroy(preference);
    for (void *layout : {la, lb, ld})
        cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(description);
    cublasLtDestroy(handle);
}

TEST(productsOfAllLayouts) {
    for (int layout = 0; layout < 8; layout++)
        check({37, 45, 29, (layout & 1) != 0, (layout & 2) != 0, (layout & 4) != 0, false, F32, F32, 1});
    EXPECT(reports().empty());
}

TEST(productsOfBf16WithBias) {
    check({40, 70, 300, true, false, false, true, BF16, BF16, 1});
    check({40, 70, 300, false, false, true, true, BF16, F32, 1});
    EXPECT(reports().empty());
}

TEST(productsInBatches) {
    check({33, 17, 20, false, true, false, false, F32, F32, 3});
    EXPECT(reports().empty());
}

TEST(productsOverSeveralTiles) {
    check({211, 301, 517, true, false, false, true, F32, F32, 1});
    EXPECT(reports().empty());
}

TEST(aMatrixThatIsTooSmallIsNamed) {
    Device device;
    Buffer<float> a(16), b(16), d(15);
    void *handle, *description, *layout;
    cublasLtCreate(&handle);
    cublasLtMatmulDescCreate(&description, COMPUTE_F32, F32);
    cublasLtMatrixLayoutCreate(&layout, F32, 4, 4, 4);
    float alpha = 1, beta = 0;
    EXPECT(!cublasLtMatmul(handle, description, &alpha, reinterpret_cast<void *>(a.address), layout, reinterpret_cast<void *>(b.address),
            layout, &beta, reinterpret_cast<void *>(d.address), layout, reinterpret_cast<void *>(d.address), layout, nullptr, nullptr, 0,
            nullptr));
    EXPECT(cuCtxSynchronize() == CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(reported("matrix D: 64 bytes at") && reported("reach past the end of device buffer"));
    cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(description);
    cublasLtDestroy(handle);
}
