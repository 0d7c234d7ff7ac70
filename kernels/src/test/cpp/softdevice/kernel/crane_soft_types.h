// The vector types of CUDA C++, with the alignments that make their accesses single instructions on a GPU.
#ifndef CRANE_SOFT_TYPES_H
#define CRANE_SOFT_TYPES_H

using size_t = decltype(sizeof(0));

#define CRANE_SOFT_VECTORS(name, element, align2, align4)                                                                                  \
    struct name##1 { element x; };                                                                                                         \
    struct __attribute__((aligned(align2))) name##2 { element x, y; };                                                                     \
    struct name##3 { element x, y, z; };                                                                                                   \
    struct __attribute__((aligned(align4))) name##4 { element x, y, z, w; };                                                               \
    static inline name##2 make_##name##2(element x, element y) { return name##2 {x, y}; }                                                  \
    static inline name##3 make_##name##3(element x, element y, element z) { return name##3 {x, y, z}; }                                    \
    static inline name##4 make_##name##4(element x, element y, element z, element w) { return name##4 {x, y, z, w}; }

CRANE_SOFT_VECTORS(char, signed char, 2, 4)
CRANE_SOFT_VECTORS(uchar, unsigned char, 2, 4)
CRANE_SOFT_VECTORS(short, short, 4, 8)
CRANE_SOFT_VECTORS(ushort, unsigned short, 4, 8)
CRANE_SOFT_VECTORS(int, int, 8, 16)
CRANE_SOFT_VECTORS(uint, unsigned, 8, 16)
CRANE_SOFT_VECTORS(float, float, 8, 16)
CRANE_SOFT_VECTORS(longlong, long long, 16, 16)
CRANE_SOFT_VECTORS(ulonglong, unsigned long long, 16, 16)
CRANE_SOFT_VECTORS(double, double, 16, 16)
#undef CRANE_SOFT_VECTORS

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

#endif
