// Stacks to switch between: a thread of a block that waits keeps its stack, and another goes on.
//
// The switch is a dozen instructions on x86-64 and aarch64 (it saves what a function call must preserve, nothing else), and ucontext elsewhere or
// where CRANE_SOFT_UCONTEXT is defined.
#pragma once

#include <cstddef>
#include <cstdint>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(CRANE_SOFT_UCONTEXT)
#define CRANE_SOFT_HAND_WRITTEN_SWITCH 1
#else
#include <ucontext.h>
#endif

namespace crane::soft {

class Fiber {
public:
    static constexpr size_t STACK_BYTES = 64 << 10; // kernels are compiled with a limit on the bytes of one frame, far below

    Fiber() = default; // the stack that is running already
    Fiber(const Fiber &) = delete;
    ~Fiber();

    // Gives it a stack, on which `entry(argument)` begins at the first switch to it; `entry` must never return. Whatever it was doing is dropped.
    void prepare(void (*entry)(void *), void *argument, unsigned color);

    // Leaves this one, which is running, for `next`; comes back when something switches to this one.
    void switchTo(Fiber &next);

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
    void arrived(); // the first thing to call on a stack of our own
#endif
};

} // namespace crane::soft
