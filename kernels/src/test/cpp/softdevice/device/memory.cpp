#include "memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "options.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace crane::soft {

static constexpr size_t ALIGNMENT = 256, CANARY_BYTES = 256;
static constexpr unsigned char CANARY = 0xa5, POISON = 0xff; // all ones is a NaN in every floating-point type
static constexpr size_t KEPT_AFTER_FREE = 64 << 20;

static size_t rounded(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static size_t whole(size_t bytes) { return CANARY_BYTES + rounded(bytes) + CANARY_BYTES; }

std::string describe(const Memory::Block &block) {
    char text[160];
    snprintf(text, sizeof text, "%s %llu of %zu bytes at %p", block.kind == Memory::Kind::DEVICE ? "device buffer" : "page-locked buffer",
            static_cast<unsigned long long>(block.serial), block.bytes, static_cast<void *>(block.data));
    return text;
}

size_t Memory::total() const { return static_cast<size_t>(Options::get().memory.load()); }

Memory::Block *Memory::allocate(size_t bytes, Kind kind, bool pooled, State state) {
    if (kind == Kind::DEVICE && (rounded(bytes) > total() || deviceBytes > total() - rounded(bytes)))
        return nullptr;
    char *raw = static_cast<char *>(aligned_alloc(2 * ALIGNMENT, (whole(bytes) + 2 * ALIGNMENT - 1) / (2 * ALIGNMENT) * (2 * ALIGNMENT)));
    if (!raw)
        return nullptr;
    char *data = raw + CANARY_BYTES; // never a multiple of 512
    memset(raw, CANARY, CANARY_BYTES);
    memset(data, POISON, bytes);
    memset(data + bytes, CANARY, whole(bytes) - CANARY_BYTES - bytes);
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(raw, CANARY_BYTES);
    __asan_poison_memory_region(data + bytes, whole(bytes) - CANARY_BYTES - bytes);
#endif
    if (kind == Kind::DEVICE)
        deviceBytes += rounded(bytes);
    if (pooled) {
        pooledBytes += rounded(bytes);
        pooledHigh = pooledHigh < pooledBytes ? pooledBytes : pooledHigh;
    }
    return &(blocks[reinterpret_cast<uintptr_t>(data)] = {data, bytes, kind, state, pooled, ++serials, raw});
}

Memory::Block *Memory::registerHost(void *data, size_t bytes) {
    return &(blocks[reinterpret_cast<uintptr_t>(data)] = {
                     static_cast<char *>(data), bytes, Kind::REGISTERED, State::LIVE, false, ++serials, nullptr});
}

Memory::Block *Memory::at(const void *data) {
    auto found = blocks.find(reinterpret_cast<uintptr_t>(data));
    return found == blocks.end() ? nullptr : &found->second;
}

Memory::Block *Memory::around(const void *address) {
    uintptr_t a = reinterpret_cast<uintptr_t>(address);
    auto after = blocks.upper_bound(a);
    if (after == blocks.begin())
        return nullptr;
    Block &block = std::prev(after)->second;
    return a <= reinterpret_cast<uintptr_t>(block.data) + block.bytes ? &block : nullptr; // one past the end belongs to it: an empty part
}

bool Memory::checkBlock(Block &block, const std::string &culprit) {
    if (!block.whole || block.damaged)
        return true;
#ifdef __SANITIZE_ADDRESS__
    return true; // the sanitizer watches the canaries
#endif
    const unsigned char *before = reinterpret_cast<unsigned char *>(block.whole), *data = reinterpret_cast<unsigned char *>(block.data);
    size_t tail = whole(block.bytes) - CANARY_BYTES - block.bytes;
    long at = 0;
    bool found = false;
    for (size_t i = CANARY_BYTES; i-- > 0 && !found;)
        if (before[i] != CANARY)
            at = static_cast<long>(i) - static_cast<long>(CANARY_BYTES), found = true;
    for (size_t i = 0; i < tail && !found; i++)
        if (data[block.bytes + i] != CANARY)
            at = static_cast<long>(block.bytes + i), found = true;
    if (found) {
        block.damaged = true;
        report((culprit.empty() ? "something" : culprit) + " wrote out of bounds: byte " + std::to_string(at) + " of " + describe(block));
    }
    return !found;
}

bool Memory::findDamage(const std::string &culprit) {
    bool found = false;
    for (auto &entry : blocks)
        found |= !checkBlock(entry.second, culprit);
    return found;
}

void Memory::free(Block *block) {
    checkBlock(*block, "");
    Block gone = *block;
    if (gone.kind == Kind::DEVICE)
        deviceBytes -= rounded(gone.bytes);
    if (gone.pooled)
        pooledBytes -= rounded(gone.bytes);
    blocks.erase(reinterpret_cast<uintptr_t>(gone.data));
    if (!gone.whole)
        return;
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(gone.whole, whole(gone.bytes));
    std::free(gone.whole);
#else
    memset(gone.data, POISON, gone.bytes);
    freed.push_back(gone);
    freedBytes += gone.bytes;
    discard(KEPT_AFTER_FREE);
#endif
}

void Memory::discard(size_t keep) {
    while (!freed.empty() && (freedBytes > keep || keep == 0)) {
        Block &old = freed.front();
        const unsigned char *data = reinterpret_cast<unsigned char *>(old.data);
        // All bytes are alike if the first is right and each equals the one before it.
        if (old.bytes && (data[0] != POISON || memcmp(data, data + 1, old.bytes - 1)))
            report("something wrote into " + describe(old) + " after it was freed");
        freedBytes -= old.bytes;
        std::free(old.whole);
        freed.pop_front();
    }
}

bool Memory::accessible(const void *address, size_t bytes, std::string &why) {
    if (bytes == 0)
        return true;
    const Block *block = around(address);
    char text[64];
    snprintf(text, sizeof text, "%zu bytes at %p", bytes, address);
    if (!block) {
        why = std::string(text) + " are not memory of the device";
        for (const Block &old : freed)
            if (address >= old.data && address < old.data + old.bytes)
                why = std::string(text) + " lie in " + describe(old) + ", which was freed";
        return false;
    }
    if (static_cast<const char *>(address) + bytes > block->data + block->bytes) {
        why = std::string(text) + " reach past the end of " + describe(*block);
        return false;
    }
    if (block->state == State::PENDING) {
        why = std::string(text) + " lie in " + describe(*block) + ", which the stream it is allocated on has not allocated yet";
        return false;
    }
    return true;
}

std::vector<const Memory::Block *> Memory::all() const {
    std::vector<const Block *> result;
    for (const auto &entry : blocks)
        result.push_back(&entry.second);
    return result;
}

void Memory::clear() {
    while (!blocks.empty())
        free(&blocks.begin()->second);
    discard(0);
    pooledHigh = 0;
}

} // namespace crane::soft
