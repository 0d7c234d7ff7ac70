// Memory of the device and page-locked memory of the host.
//
// Fresh memory is filled with NaN. Each allocation stands between two canaries; freed memory is filled with NaN again and kept for a while,
// so that a late reader reads NaN and a late writer is found out. Addresses are multiples of 256, and of nothing more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace crane::soft {

class Memory {
public:
    enum class Kind { DEVICE, PINNED, REGISTERED };
    enum class State { PENDING, LIVE }; // pending: the stream it was allocated on has not got there yet

    struct Block {
        char *data;
        size_t bytes;
        Kind kind;
        State state;
        bool pooled;
        uint64_t serial;
        char *whole; // with the canaries
        bool damaged = false;
    };

    // Null if the device's memory does not suffice.
    Block *allocate(size_t bytes, Kind kind, bool pooled, State state);
    Block *registerHost(void *data, size_t bytes);

    // The block that begins at, or contains, an address.
    Block *at(const void *data);
    Block *around(const void *address);

    // Frees it; reports damage.
    void free(Block *block);

    // Whether the bytes lie in one live block of the device (or page-locked); otherwise says why not.
    bool accessible(const void *address, size_t bytes, std::string &why);

    // Reports each block whose canaries were overwritten, once; returns whether there was one. `culprit` may be empty.
    bool findDamage(const std::string &culprit);
    bool checkBlock(Block &block, const std::string &culprit);

    size_t used() const { return deviceBytes; }
    size_t usedPooled() const { return pooledBytes; }
    size_t highPooled() const { return pooledHigh; }
    void resetHighPooled() { pooledHigh = pooledBytes; }
    size_t total() const;
    std::vector<const Block *> all() const;

    // Frees everything; afterwards nothing is left that was allocated.
    void clear();

private:
    std::map<uintptr_t, Block> blocks;
    std::deque<Block> freed;
    size_t deviceBytes = 0, pooledBytes = 0, pooledHigh = 0, freedBytes = 0;
    uint64_t serials = 0;

    void discard(size_t keep);
};

std::string describe(const Memory::Block &block);

} // namespace crane::soft
