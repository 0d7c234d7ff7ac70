#include "stream.h"

#include <algorithm>
#include <chrono>

#include "options.h"

namespace crane::soft {

static constexpr size_t LONGEST_QUEUE = 1024; // about where a real driver begins to wait

static double now() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

Scheduler::Scheduler() : random(0) { clear(); }

void Scheduler::clear() {
    streams.clear();
    streams.push_back(std::make_unique<Stream>());
    random = Random(static_cast<uint64_t>(Options::get().seed.load()));
}

Stream *Scheduler::create(bool blocking) {
    streams.push_back(std::make_unique<Stream>());
    Stream *stream = streams.back().get();
    stream->blocking = blocking;
    stream->serial = ++serials;
    return stream;
}

bool Scheduler::has(const Stream *stream) const {
    return std::any_of(streams.begin(), streams.end(), [&](auto &s) { return s.get() == stream; });
}

// Its work is done first, as a real driver lets it end.
void Scheduler::destroy(Stream *stream) {
    wait(stream);
    streams.erase(std::find_if(streams.begin(), streams.end(), [&](auto &s) { return s.get() == stream; }));
}

std::shared_ptr<Work> Scheduler::enqueue(Stream *stream, std::string name, std::function<void()> run) {
    auto work = std::make_shared<Work>();
    work->name = std::move(name);
    work->run = std::move(run);
    work->stream = stream;
    work->after.swap(stream->waits);
    auto comesAfter = [&](Stream *other) {
        if (other->last && !other->last->done)
            work->after.push_back(other->last);
        work->after.insert(work->after.end(), other->waits.begin(), other->waits.end());
    };
    if (stream == defaultStream()) { // comes after all that was enqueued on blocking streams, and they come after it
        for (auto &other : streams)
            if (other.get() != stream && other->blocking)
                comesAfter(other.get());
    } else if (stream->blocking) {
        comesAfter(defaultStream());
    }
    stream->queue.push_back(work);
    stream->last = work;
    if (!Options::get().deferred)
        wait(work);
    else if (stream->queue.size() > LONGEST_QUEUE)
        wait(stream->queue.front());
    return work;
}

void Scheduler::runFront(Stream *stream) {
    std::shared_ptr<Work> work = stream->queue.front();
    stream->queue.pop_front();
    work->run();
    work->run = nullptr;
    work->after.clear();
    work->doneAt = now();
    work->done = true;
}

// Where the next work is that must be done so that this stream's first can be: the stream itself, or one it waits for.
Stream *Scheduler::runnable(Stream *stream) {
    for (;;) {
        Stream *blocker = nullptr;
        for (auto &before : stream->queue.front()->after)
            if (!before->done) {
                blocker = before->stream;
                break;
            }
        if (!blocker)
            return stream;
        stream = blocker;
    }
}

// Now and then something else gets in between.
void Scheduler::perhapsAnother() {
    if (random.below(4))
        return;
    std::vector<Stream *> busy;
    for (auto &stream : streams)
        if (!stream->queue.empty())
            busy.push_back(stream.get());
    if (!busy.empty())
        runFront(runnable(busy[random.below(static_cast<uint32_t>(busy.size()))]));
}

void Scheduler::wait(const std::shared_ptr<Work> &work) {
    bool others = Options::get().seed % 2 == 0; // odd seeds run only what must be
    while (!work->done) {
        if (others)
            perhapsAnother();
        if (!work->done)
            runFront(runnable(work->stream));
    }
}

void Scheduler::wait(Stream *stream) {
    std::vector<std::shared_ptr<Work>> waits = stream->waits;
    for (auto &work : waits)
        wait(work);
    if (std::shared_ptr<Work> last = stream->last)
        wait(last);
}

void Scheduler::waitForAll() {
    for (;;) {
        std::vector<Stream *> busy;
        for (auto &stream : streams)
            if (!stream->queue.empty())
                busy.push_back(stream.get());
        if (busy.empty())
            return;
        runFront(runnable(busy[random.below(static_cast<uint32_t>(busy.size()))]));
    }
}

void Scheduler::nudge(Stream *stream) {
    if (!stream->queue.empty())
        runFront(runnable(stream));
}

} // namespace crane::soft
