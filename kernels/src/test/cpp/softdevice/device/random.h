// Chooses orders: the same seed, the same order, on every machine.
#pragma once

#include <cstdint>

namespace crane::soft {

class Random {
public:
    explicit Random(uint64_t seed) : state(seed) {}

    uint64_t next() { return mix(state += STEP, 0); }

    uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }

    // The finishing steps of SplitMix64 (Steele, Lea, Flood 2014).
    static uint64_t mix(uint64_t a, uint64_t b) {
        uint64_t z = a + STEP * (b + 1);
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

private:
    static constexpr uint64_t STEP = 0x9e3779b97f4a7c15;
    uint64_t state;
};

} // namespace crane::soft
