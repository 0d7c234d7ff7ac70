#include "fault.h"

#include <csignal>
#include <cstdlib>
#include <mutex>

#include "worker.h"

namespace crane::soft {

#ifdef __SANITIZE_ADDRESS__
FaultGuard::FaultGuard() = default; // the sanitizer's report says more
FaultGuard::~FaultGuard() = default;
#else

static constexpr size_t SIGNAL_STACK_BYTES = 128 << 10;
static struct sigaction before[64];

static void handle(int signal, siginfo_t *info, void *context) {
    if (Worker *worker = Worker::running()) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, signal);
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        worker->fault(signal, info->si_addr);
    }
    const struct sigaction &old = before[signal];
    if (old.sa_flags & SA_SIGINFO) {
        old.sa_sigaction(signal, info, context);
    } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
        old.sa_handler(signal);
    } else {
        sigaction(signal, &old, nullptr); // the instruction is run again, and the system does what it does by default
    }
}

FaultGuard::FaultGuard() {
    static std::once_flag once;
    std::call_once(once, [] {
        for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
            sigaction(signal, nullptr, &before[signal]);
            struct sigaction action = before[signal];
            action.sa_sigaction = handle;
            action.sa_flags |= SA_SIGINFO | SA_ONSTACK;
            sigaction(signal, &action, nullptr);
        }
    });
    stack_t old;
    if (sigaltstack(nullptr, &old) == 0 && (old.ss_flags & SS_DISABLE)) {
        stack = malloc(SIGNAL_STACK_BYTES);
        stack_t fresh{};
        fresh.ss_sp = stack;
        fresh.ss_size = SIGNAL_STACK_BYTES;
        mine = sigaltstack(&fresh, nullptr) == 0;
    }
}

FaultGuard::~FaultGuard() {
    if (mine) {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    free(stack);
}
#endif

} // namespace crane::soft
