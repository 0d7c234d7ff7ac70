package dev.crane.engine.backend.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

import dev.crane.cuda.Context;
import dev.crane.cuda.Event;
import dev.crane.cuda.Nvtx;
import dev.crane.cuda.Profile;
import dev.crane.cuda.Stream;
import dev.crane.engine.backend.OpTimer;

/** Times ops by an event before and one behind each on the stream they run on; the host waits once in {@value #AT_ONCE} ops. */
final class CudaTimer implements OpTimer {
    /** Ops whose events are held: few thousand launches, and a wait that costs nothing beside them. */
    private static final int AT_ONCE = 512;

    private record Pending(Event start, Event end, int firstLaunch, int launches, Consumer<Timing> listener) {}

    private final Context context;
    private final Stream stream;
    private final Profile kernels;
    private final Deque<Event> spare = new ArrayDeque<>();
    private final List<Pending> pending = new ArrayList<>();
    /** An event that was reached, and when: milliseconds since the timer was made. A float holds short times only, so it moves on. */
    private Event anchor;
    private double anchorTime;
    private Event start;
    private Event end;
    private int firstLaunch;
    private boolean inRange;

    CudaTimer(Context context, Stream stream) {
        this.context = context;
        this.stream = stream;
        kernels = new Profile(context);
        context.profile(kernels);
        anchor = context.timingEvent();
        anchor.record(stream);
    }

    private Event mark() {
        Event event = spare.isEmpty() ? context.timingEvent() : spare.pop();
        event.record(stream);
        return event;
    }

    @Override
    public void begin(String label) {
        endRange(); // of an op that failed
        if (start != null)
            spare.push(start);
        Nvtx.push(label);
        inRange = true;
        firstLaunch = kernels.count();
        start = mark();
    }

    private void endRange() {
        if (inRange)
            Nvtx.pop();
        inRange = false;
    }

    @Override
    public void end() {
        end = mark();
        endRange();
    }

    @Override
    public void tell(Consumer<Timing> listener) {
        pending.add(new Pending(start, end, firstLaunch, kernels.count() - firstLaunch, listener));
        start = null;
        if (pending.size() >= AT_ONCE)
            settle();
    }

    @Override
    public void settle() {
        if (pending.isEmpty())
            return;
        context.synchronize();
        List<Profile.Timed> launched = kernels.takeEach(anchor);
        Event last = pending.getLast().end;
        double lastTime = anchorTime + last.millisecondsSince(anchor);
        for (Pending op : pending) {
            List<Launch> launches = launched.subList(op.firstLaunch, op.firstLaunch + op.launches).stream().map(launch -> new Launch(
                    launch.name(), 1e3 * (anchorTime + launch.startMilliseconds()), 1e3 * launch.milliseconds())).toList();
            op.listener.accept(new Timing(1e3 * (anchorTime + op.start.millisecondsSince(anchor)),
                    1e3 * op.end.millisecondsSince(op.start), launches));
        }
        pending.forEach(op -> {
            spare.push(op.start);
            if (op.end != last)
                spare.push(op.end);
        });
        pending.clear();
        spare.push(anchor);
        anchor = last;
        anchorTime = lastTime;
    }

    @Override
    public void close() {
        settle();
        context.profile(null);
        kernels.close();
        if (start != null)
            spare.push(start);
        spare.push(anchor);
        spare.forEach(Event::close);
        spare.clear();
    }
}
