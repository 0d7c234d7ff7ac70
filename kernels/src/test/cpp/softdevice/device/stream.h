// Streams whose work runs late on purpose.
//
// Nothing runs when it is enqueued. Work runs when something waits for it, and then no more of it than that wait implies; between streams
// that do not wait for each other the seed chooses. So a result that is read without waiting is not there yet, and a stream that should
// have waited for another finds NaN. Legal orders alone are used: what is right on a GPU is right here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "random.h"

namespace crane::soft {

struct Stream;

struct Work {
    std::string name;
    std::function<void()> run;
    std::vector<std::shared_ptr<Work>> after;
    Stream *stream;
    bool done = false;
    double doneAt = 0; // milliseconds on a clock of the device
};

struct Stream {
    std::deque<std::shared_ptr<Work>> queue;
    std::shared_ptr<Work> last;
    std::vector<std::shared_ptr<Work>> waits; // what the next work comes after
    bool blocking = true;                     // with the default stream
    uint64_t serial = 0;
};

struct Event {
    std::shared_ptr<Work> record;
    bool timing = true;
};

class Scheduler {
public:
    Scheduler();

    Stream *defaultStream() { return streams.front().get(); }
    Stream *create(bool blocking);
    bool has(const Stream *stream) const;
    void destroy(Stream *stream);
    const std::vector<std::unique_ptr<Stream>> &all() const { return streams; }

    std::shared_ptr<Work> enqueue(Stream *stream, std::string name, std::function<void()> run);
    void wait(const std::shared_ptr<Work> &work);
    void wait(Stream *stream);
    void waitForAll();

    // Runs a little, as time that passes would: a program that polls gets there.
    void nudge(Stream *stream);

    void clear();

private:
    std::vector<std::unique_ptr<Stream>> streams;
    Random random;
    uint64_t serials = 0;

    void runFront(Stream *stream);
    Stream *runnable(Stream *stream);
    void perhapsAnother();
};

} // namespace crane::soft
