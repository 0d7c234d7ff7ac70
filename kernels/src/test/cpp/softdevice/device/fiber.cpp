#include "fiber.h"

#include <cstdlib>
#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef CRANE_SOFT_HAND_WRITTEN_SWITCH
// crane_soft_switch(void **save, void *next): stores the stack pointer in *save and takes `next`.
// crane_soft_start: the first thing on a fresh stack; calls the entry with its argument, both of which lie in registers that a switch
// restores.
extern "C" void crane_soft_start();
#if defined(__x86_64__)
asm(R"(
    .text
    .p2align 4
    .hidden crane_soft_switch
    .globl crane_soft_switch
    .type crane_soft_switch, @function
crane_soft_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size crane_soft_switch, .-crane_soft_switch
    .hidden crane_soft_start
    .globl crane_soft_start
    .type crane_soft_start, @function
crane_soft_start:
    movq %r12, %rdi
    call *%rbx
    ud2
    .size crane_soft_start, .-crane_soft_start
)");
#else
asm(R"(
    .text
    .p2align 4
    .hidden crane_soft_switch
    .globl crane_soft_switch
    .type crane_soft_switch, %function
crane_soft_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size crane_soft_switch, .-crane_soft_switch
    .hidden crane_soft_start
    .globl crane_soft_start
    .type crane_soft_start, %function
crane_soft_start:
    mov x0, x20
    blr x19
    brk #1
    .size crane_soft_start, .-crane_soft_start
)");
#endif
#endif

namespace crane::soft {

static constexpr uint64_t END_OF_STACK = 0x5afe57acc5afe57a;

Stacks::~Stacks() {
    for (char *piece : pieces)
        free(piece);
}

char *Stacks::next() {
    if (used + DISTANCE > PIECE_BYTES) {
        char *piece = static_cast<char *>(aligned_alloc(PIECE_BYTES, PIECE_BYTES));
        if (!piece)
            abort();
        madvise(piece, PIECE_BYTES, MADV_HUGEPAGE);
        pieces.push_back(piece);
        used = 0;
    }
    used += DISTANCE;
    return pieces.back() + used - DISTANCE;
}

void Fiber::prepare(void (*run)(void *), void *with) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stack, Stacks::BYTES); // frames that were dropped have left their marks
    bottom = stack;
    size = Stacks::BYTES;
    fakeStack = nullptr;
#endif
    *reinterpret_cast<uint64_t *>(stack) = END_OF_STACK;
#ifdef CRANE_SOFT_HAND_WRITTEN_SWITCH
    void **frame = reinterpret_cast<void **>(stack + Stacks::BYTES - 64);
#if defined(__x86_64__)
    frame -= 2; // at the entry's first instruction the stack is aligned to 16, less the return address
    *--frame = reinterpret_cast<void *>(crane_soft_start);
    *--frame = nullptr;                       // rbp
    *--frame = reinterpret_cast<void *>(run); // rbx
    *--frame = with;                          // r12
    for (int i = 0; i < 3; i++)
        *--frame = nullptr; // r13, r14, r15
#else
    frame -= 20;
    for (int i = 0; i < 20; i++)
        frame[i] = nullptr;
    frame[0] = reinterpret_cast<void *>(run);               // x19
    frame[1] = with;                                        // x20
    frame[11] = reinterpret_cast<void *>(crane_soft_start); // x30
#endif
    sp = frame;
#else
    entry = run;
    argument = with;
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = Stacks::BYTES;
    context.uc_link = nullptr;
    uint64_t self = reinterpret_cast<uint64_t>(this);
    makecontext(&context, reinterpret_cast<void (*)()>(&Fiber::start), 2, static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
#endif
}

#ifndef CRANE_SOFT_HAND_WRITTEN_SWITCH
void Fiber::start(unsigned low, unsigned high) {
    Fiber *self = reinterpret_cast<Fiber *>(static_cast<uint64_t>(high) << 32 | low);
    self->entry(self->argument);
    abort();
}
#endif

bool Fiber::overflowed() const { return stack && *reinterpret_cast<const uint64_t *>(stack) != END_OF_STACK; }

#ifdef __SANITIZE_ADDRESS__
static thread_local Fiber *leaving;

void Fiber::leave(Fiber &next) {
    leaving = this;
    __sanitizer_start_switch_fiber(&fakeStack, next.bottom, next.size);
}

void Fiber::arrived() {
    const void *from;
    size_t bytes;
    __sanitizer_finish_switch_fiber(fakeStack, &from, &bytes);
    if (leaving && !leaving->stack) { // a stack of the operating system's, which only now is known
        leaving->bottom = from;
        leaving->size = bytes;
    }
}
#endif

} // namespace crane::soft
