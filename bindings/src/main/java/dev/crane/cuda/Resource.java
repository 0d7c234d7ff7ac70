package dev.crane.cuda;

/** Something that a context owns until it is closed. Its {@code toString} says what it is. */
abstract sealed class Resource implements AutoCloseable permits Stream, Event, DeviceBuffer, PinnedBuffer, Module, Blas {
    final Context context;
    private boolean closed;

    Resource(Context context) {
        context.check();
        this.context = context;
    }

    /** To be called by the constructor when everything has gone well. */
    final void opened() {
        context.opened(this);
    }

    /** Throws unless it may be used: open, by the thread that owns its context. */
    final void check() {
        context.check();
        if (closed) {
            throw new IllegalStateException(this + " is used after it was closed");
        }
    }

    /** Gives back what it holds. */
    abstract void free();

    /** Gives back what it holds; a second call does nothing. */
    @Override
    public final void close() {
        if (closed || context.isClosed()) {
            return;
        }
        context.check();
        closed = true;
        context.closed(this);
        free();
    }
}
