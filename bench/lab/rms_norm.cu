// Validates and times the versions of rms_norm.cuh:   ./rms_norm [VERSION|all] [ROWS WIDTH]
// A version that differs from the scalar loop below is told and not timed.
#include "lab.cuh"
#include "rms_norm.cuh"

struct Case {
    int rows, width;
    const float *x, *w;
    float* y;
};
static const float EPS = 1e-5f;

// What is right: one loop after another, sums in double.
static std::vector<float> reference(const std::vector<float>& x, const std::vector<float>& w, int rows, int width) {
    std::vector<float> y(x.size());
    for (int t = 0; t < rows; t++) {
        double squares = 0;
        for (int i = 0; i < width; i++)
            squares += (double)x[(size_t)t * width + i] * x[(size_t)t * width + i];
        double inverse = 1 / sqrt(squares / width + EPS);
        for (int i = 0; i < width; i++)
            y[(size_t)t * width + i] = (float)(x[(size_t)t * width + i] * inverse * w[i]);
    }
    return y;
}

// How each version is launched; false where it cannot do the shape.
static bool launch(int version, const Case& c) {
    const int threads = 256;
    switch (version) {
    case 1: rms_norm_1<<<(c.rows + threads - 1) / threads, threads>>>(c.x, c.w, EPS, c.rows, c.width, c.y); return true;
    case 2: rms_norm_2<<<(c.rows + threads / 32 - 1) / (threads / 32), threads>>>(c.x, c.w, EPS, c.rows, c.width, c.y); return true;
    case 3: rms_norm_3<<<c.rows, threads>>>(c.x, c.w, EPS, c.rows, c.width, c.y); return true;
    case 4:
        if (c.width % 4 != 0 || c.width > 8192)
            return false;
        rms_norm_4<<<c.rows, threads>>>(c.x, c.w, EPS, c.rows, c.width, c.y);
        return true;
    default: return false;
    }
}

// Additions, one behind the other, of a version's sum of squares. Each errs by at most 2^-24 of the sum, the square root halves that; the few other
// roundings add 2^-24 each.
static double tolerance(int version, int width) {
    int chain = version == 1 ? width : version == 2 ? (width + 31) / 32 + 5 : (width + 255) / 256 + 5 + 8 + 3;
    return (chain / 2.0 + 4) * pow(2, -24);
}

int main(int argc, char** argv) {
    const int VERSIONS = 4;
    int only = argc > 1 && strcmp(argv[1], "all") != 0 ? atoi(argv[1]) : 0;
    int rows = argc > 3 ? atoi(argv[2]) : 4096, width = argc > 3 ? atoi(argv[3]) : 4096;
    if (argc == 3 || argc > 4 || only < 0 || only > VERSIONS || (argc > 1 && only == 0 && strcmp(argv[1], "all") != 0) || rows < 1 || width < 1) {
        fprintf(stderr, "usage: %s [1..%d|all] [ROWS WIDTH]\n", argv[0], VERSIONS);
        return 2;
    }
    std::vector<float> x = lab::random((size_t)rows * width, 1), w = lab::random(width, 2);
    lab::Device<float> dx(x), dw(w), dy(x.size());
    std::vector<float> expected = reference(x, w, rows, width);
    double bytes = 2.0 * sizeof(float) * x.size() + sizeof(float) * width;

    lab::Timer timer;
    lab::header(timer, "rms_norm", rows, width);
    int wrong = 0;
    for (int version = 1; version <= VERSIONS; version++) {
        if (only && version != only)
            continue;
        Case c{rows, width, dx.data, dw.data, dy.data};
        dy.poison();
        if (!launch(version, c)) {
            printf("%7d  cannot do this shape\n", version);
            continue;
        }
        LAB_CHECK(cudaGetLastError());
        double error = lab::error(expected, dy.download());
        if (!(error <= tolerance(version, width))) {
            printf("%7d  WRONG: differs from the scalar loop by %.2e\n", version, error);
            wrong++;
            continue;
        }
        timer.report(version, error, bytes, [&] { launch(version, c); });
    }
    return wrong ? 1 : 0;
}
