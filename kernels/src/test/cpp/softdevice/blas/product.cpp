// Blocked loops: a task computes a tile of D; for each piece of the depth it packs its parts of A and B to f32 panels, and an inner kernel
// of HEIGHT x WIDTH sums stays in registers. Sums go up in k, whatever the number of workers. Bound by arithmetic: 50 to 80 GFLOP/s a core
// with AVX-512, which is enough for tests.
#include "product.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace crane::soft {

size_t bytesOf(int element) { return element == F32 ? 4 : element == F16 || element == BF16 ? 2 : 0; }

static float fromBits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t toBits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float fromHalf(uint16_t h) {
    uint32_t sign = (h & 0x8000u) << 16, rest = h & 0x7fffu;
    if (rest >= 0x7c00)
        return fromBits(sign | 0x7f800000u | (rest & 0x3ff) << 13);
    if (rest >= 0x400)
        return fromBits(sign | ((rest << 13) + (112u << 23)));
    return fromBits(sign | toBits(static_cast<float>(rest) * 0x1p-24f));
}

static uint16_t toHalf(float x) {
    uint32_t bits = toBits(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000)
        return static_cast<uint16_t>(sign | 0x7e00);
    if (rest >= 0x477ff000) // 65520 and more round to infinity
        return static_cast<uint16_t>(sign | 0x7c00);
    if (rest >= 0x38800000)
        return static_cast<uint16_t>(sign | (rest - (112u << 23) + 0xfff + (rest >> 13 & 1)) >> 13);
    return static_cast<uint16_t>(sign | (toBits(fromBits(rest) + 0.5f) - 0x3f000000)); // 0.5's last bit is worth 2^-24, a subnormal's unit
}

static float fromBf16(uint16_t b) { return fromBits(static_cast<uint32_t>(b) << 16); }

static uint16_t toBf16(float x) {
    uint32_t bits = toBits(x);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return static_cast<uint16_t>(bits >> 16 | 0x40);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float readElement(const void *p, int element) {
    uint16_t half;
    if (element == F32) {
        float x;
        memcpy(&x, p, sizeof x);
        return x;
    }
    memcpy(&half, p, sizeof half);
    return element == F16 ? fromHalf(half) : fromBf16(half);
}

void writeElement(void *p, int element, float value) {
    if (element == F32) {
        memcpy(p, &value, sizeof value);
    } else {
        uint16_t half = element == F16 ? toHalf(value) : toBf16(value);
        memcpy(p, &half, sizeof half);
    }
}

namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16, HEIGHT = 12;
#elif defined(__AVX__)
constexpr int LANES = 8, HEIGHT = 6;
#else
constexpr int LANES = 4, HEIGHT = 6;
#endif
constexpr int WIDTH = 2 * LANES;
constexpr int64_t TILE_ROWS = 16 * HEIGHT, TILE_COLUMNS = 8 * WIDTH, DEPTH = 256;

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef float Unaligned __attribute__((vector_size(LANES * 4), aligned(4)));

// sums[HEIGHT][WIDTH] += a panel (depth x HEIGHT) times a panel (depth x WIDTH)
void inner(int64_t depth, const float *a, const float *b, float *sums) {
    Vector s[HEIGHT][2];
    for (int i = 0; i < HEIGHT; i++)
        for (int j = 0; j < 2; j++)
            s[i][j] = *reinterpret_cast<const Unaligned *>(sums + i * WIDTH + j * LANES);
    for (int64_t p = 0; p < depth; p++, a += HEIGHT, b += WIDTH) {
        Vector b0 = *reinterpret_cast<const Unaligned *>(b), b1 = *reinterpret_cast<const Unaligned *>(b + LANES);
#pragma GCC unroll 16
        for (int i = 0; i < HEIGHT; i++) {
            s[i][0] += a[i] * b0;
            s[i][1] += a[i] * b1;
        }
    }
    for (int i = 0; i < HEIGHT; i++)
        for (int j = 0; j < 2; j++)
            *reinterpret_cast<Unaligned *>(sums + i * WIDTH + j * LANES) = s[i][j];
}

// Packs `count` lines (rows of A, columns of B) of `depth` elements into panels of `height` lines; lines that are not there are 0.
template <class T, float (*value)(T)>
void packAs(const T *from, int64_t lineStride, int64_t depthStride, int64_t count, int64_t depth, int height, float *to) {
    for (int64_t first = 0; first < count; first += height, to += depth * height) {
        int64_t lines = std::min<int64_t>(height, count - first);
        const T *panel = from + first * lineStride;
        if (lines < height)
            memset(to, 0, static_cast<size_t>(depth * height) * sizeof(float));
        if (lineStride == 1)
            for (int64_t p = 0; p < depth; p++)
                for (int64_t i = 0; i < lines; i++)
                    to[p * height + i] = value(panel[i + p * depthStride]);
        else
            for (int64_t i = 0; i < lines; i++)
                for (int64_t p = 0; p < depth; p++)
                    to[p * height + i] = value(panel[i * lineStride + p * depthStride]);
    }
}

float same(float x) { return x; }

void pack(const Matrix &m, int64_t line, int64_t lineStride, int64_t at, int64_t depthStride, int64_t count, int64_t depth, int height,
        float *to) {
    int64_t offset = line * lineStride + at * depthStride;
    if (m.element == F32)
        packAs<float, same>(static_cast<const float *>(m.data) + offset, lineStride, depthStride, count, depth, height, to);
    else if (m.element == BF16)
        packAs<uint16_t, fromBf16>(static_cast<const uint16_t *>(m.data) + offset, lineStride, depthStride, count, depth, height, to);
    else
        packAs<uint16_t, fromHalf>(static_cast<const uint16_t *>(m.data) + offset, lineStride, depthStride, count, depth, height, to);
}

Matrix batchOf(Matrix m, int64_t batch) {
    m.data = static_cast<const char *>(m.data) + batch * m.batchStride * static_cast<int64_t>(bytesOf(m.element));
    return m;
}

float activated(Activation activation, float x) {
    switch (activation) {
    case Activation::RELU:
        return x > 0 ? x : 0;
    case Activation::GELU: // cuBLAS has the form with tanh
        return 0.5f * x * (1 + std::tanh(0.7978845608028654f * (x + 0.044715f * x * x * x)));
    default:
        return x;
    }
}

void tile(const Product &p, int64_t batch, int64_t row, int64_t column) {
    Matrix a = batchOf(p.a, batch), b = batchOf(p.b, batch), c = batchOf(p.c, batch), d = batchOf(p.d, batch);
    int64_t rows = std::min(TILE_ROWS, p.m - row), columns = std::min(TILE_COLUMNS, p.n - column);
    int64_t high = (rows + HEIGHT - 1) / HEIGHT, wide = (columns + WIDTH - 1) / WIDTH;
    static thread_local std::vector<float> sums, left, right;
    sums.assign(static_cast<size_t>(high * wide * HEIGHT * WIDTH), 0.f);
    left.resize(static_cast<size_t>(TILE_ROWS * DEPTH));
    right.resize(static_cast<size_t>(TILE_COLUMNS * DEPTH));
    for (int64_t at = 0; at < p.k; at += DEPTH) {
        int64_t depth = std::min(DEPTH, p.k - at);
        pack(a, row, a.rowStride, at, a.columnStride, rows, depth, HEIGHT, left.data());
        pack(b, column, b.columnStride, at, b.rowStride, columns, depth, WIDTH, right.data());
        for (int64_t j = 0; j < wide; j++)
            for (int64_t i = 0; i < high; i++)
                inner(depth, left.data() + i * depth * HEIGHT, right.data() + j * depth * WIDTH,
                        sums.data() + (i * wide + j) * HEIGHT * WIDTH);
    }
    size_t cBytes = bytesOf(c.element), dBytes = bytesOf(d.element), biasBytes = bytesOf(p.biasElement);
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) {
            float x = p.alpha
                    * sums[static_cast<size_t>(((i / HEIGHT) * wide + j / WIDTH) * HEIGHT * WIDTH + i % HEIGHT * WIDTH + j % WIDTH)];
            if (p.beta != 0) // what C holds does not matter otherwise, not even NaN
                x += p.beta
                        * readElement(static_cast<const char *>(c.data)
                                        + ((row + i) * c.rowStride + (column + j) * c.columnStride) * static_cast<int64_t>(cBytes),
                                c.element);
            if (p.bias)
                x += readElement(static_cast<const char *>(p.bias) + (row + i) * static_cast<int64_t>(biasBytes), p.biasElement);
            char *to = static_cast<char *>(const_cast<void *>(d.data))
                    + ((row + i) * d.rowStride + (column + j) * d.columnStride) * static_cast<int64_t>(dBytes);
            writeElement(to, d.element, activated(p.activation, x));
        }
}

int check(const Product &p, const char *which, const Matrix &m, int64_t rows, int64_t columns) {
    if (!rows || !columns)
        return CUDA_SUCCESS;
    int64_t last = (rows - 1) * m.rowStride + (columns - 1) * m.columnStride + (p.batch - 1) * m.batchStride;
    std::string why;
    if (mayTouch(m.data, static_cast<size_t>(last + 1) * bytesOf(m.element), why))
        return CUDA_SUCCESS;
    say(p.name + " of " + std::to_string(p.m) + " x " + std::to_string(p.n) + " x " + std::to_string(p.k) + ", matrix " + which + ": "
            + why);
    return CUDA_ERROR_ILLEGAL_ADDRESS;
}

int multiply(Product p) {
    if (p.m == 0 || p.n == 0)
        return CUDA_SUCCESS;
    std::string why;
    if (p.deviceAlpha) {
        if (!mayTouch(p.deviceAlpha, sizeof(float), why) || !mayTouch(p.deviceBeta, sizeof(float), why)) {
            say(p.name + ", alpha or beta: " + why);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        p.alpha = *p.deviceAlpha;
        p.beta = *p.deviceBeta;
    }
    int status = check(p, "A", p.a, p.m, p.k);
    status = status ? status : check(p, "B", p.b, p.k, p.n);
    status = status || p.beta == 0 ? status : check(p, "C", p.c, p.m, p.n);
    status = status ? status : check(p, "D", p.d, p.m, p.n);
    if (!status && p.bias && !mayTouch(p.bias, static_cast<size_t>(p.m) * bytesOf(p.biasElement), why)) {
        say(p.name + ", bias: " + why);
        status = CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    if (!status && p.workspaceBytes && !mayTouch(p.workspace, p.workspaceBytes, why)) {
        say(p.name + ", workspace: " + why);
        status = CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    if (status)
        return status;
    if (p.workspaceBytes) // a real one is written too
        memset(p.workspace, 0xff, p.workspaceBytes);
    int64_t high = (p.m + TILE_ROWS - 1) / TILE_ROWS, wide = (p.n + TILE_COLUMNS - 1) / TILE_COLUMNS;
    auto task = [&](unsigned i) { tile(p, i / (high * wide), i / wide % high * TILE_ROWS, i % wide * TILE_COLUMNS); };
    auto tasks = static_cast<unsigned>(high * wide * p.batch);
    if (p.m * p.n * p.k * p.batch < 1 << 18) // a fraction of a millisecond: not worth waking anyone
        for (unsigned i = 0; i < tasks; i++)
            task(i);
    else
        inParallel(tasks, task);
    return CUDA_SUCCESS;
}

} // namespace

CUresult enqueueProduct(CUstream stream, const Product &product) {
    return enqueueWork(stream, product.name, [product] { return multiply(product); });
}

} // namespace crane::soft
