// Stacks to switch between: a thread of a block that waits keeps its stack, and another goes on.
//
// The switch is a dozen instructions on x86-64 and aarch64 (it saves what a function call must preserve, nothing else), and ucontext
// elsewhere or where CRANE_SOFT_UCONTEXT is defined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(CRANE_SOFT_UCONTEXT)
#define CRANE_SOFT_HAND_WRITTEN_SWITCH 1
#else
#include <ucontext.h>
#endif

namespace crane::soft {

// Memory for stacks, many in one piece: large pages, if the system has them, so that a switch costs no walk through page tables. Stacks lie
// an odd number of cache lines apart, since their tops, all that most of them ever use, would otherwise compete for a few sets of the
// cache.
class Stacks {
public:
    static constexpr size_t BYTES = 64 << 10; // kernels are compiled with a limit on the bytes of one frame, far below

    Stacks() = default;
    Stacks(const Stacks &) = delete;
    ~Stacks();

    char *next(); // one more; all are given up together

private:
    static constexpr size_t PIECE_BYTES = 2 << 20, DISTANCE = BYTES + 64 * 67;
    static_assert(DISTANCE / 64 % 2 == 1);
    std::vector<char *> pieces;
    size_t used = PIECE_BYTES;
};

#ifdef CRANE_SOFT_HAND_WRITTEN_SWITCH
extern "C" void crane_soft_switch(void **save, void *next);
#endif

class Fiber {
public:
    Fiber() = default; // the stack that is running already
    explicit Fiber(char *stack) : stack(stack) {}
    Fiber(const Fiber &) = delete;

    // Lets `entry(argument)` begin on its stack at the first switch to it; `entry` must never return. Whatever it was doing is dropped.
    void prepare(void (*entry)(void *), void *argument);

    // Leaves this one, which is running, for `next`; comes back when something switches to this one.
    inline void switchTo(Fiber &next);

    bool overflowed() const;

private:
    char *stack = nullptr;
#ifdef CRANE_SOFT_HAND_WRITTEN_SWITCH
    void *sp = nullptr;
#else
    ucontext_t context{};
    void (*entry)(void *) = nullptr;
    void *argument = nullptr;
    static void start(unsigned low, unsigned high);
#endif
#ifdef __SANITIZE_ADDRESS__
    void *fakeStack = nullptr;
    const void *bottom = nullptr;
    size_t size = 0;

public:
    void leave(Fiber &next);
    void arrived(); // the first thing to call on a stack of our own
#endif
};

inline __attribute__((always_inline)) void Fiber::switchTo(Fiber &next) {
#ifdef __SANITIZE_ADDRESS__
    leave(next);
#endif
#ifdef CRANE_SOFT_HAND_WRITTEN_SWITCH
    crane_soft_switch(&sp, next.sp);
#else
    swapcontext(&context, &next.context);
#endif
#ifdef __SANITIZE_ADDRESS__
    arrived();
#endif
}

} // namespace crane::soft
