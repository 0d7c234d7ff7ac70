/**
 * A thin layer over the CUDA driver, cuBLASLt and NVRTC: owned handles, checked calls, nothing hidden.
 *
 * <p>
 * <b>Ownership.</b> What owns something on the device is {@link java.lang.AutoCloseable} and is closed by whoever made it; {@link dev.crane.cuda.Context}
 * closes last and knows what was left open ({@link dev.crane.cuda.Context#open}).
 *
 * <p>
 * <b>Threads.</b> A context and everything made from it belong to the thread that opened the context; any other thread that calls them gets an
 * {@link java.lang.IllegalStateException}. Only the bytes of a {@link dev.crane.cuda.PinnedBuffer} may be read and written from everywhere.
 *
 * <p>
 * <b>Order.</b> Work is enqueued on streams and runs later. A buffer's memory comes from and goes back to its pool in the order of its stream, so it can
 * be closed as soon as its last use is enqueued there; uses on other streams need an {@link dev.crane.cuda.Event} between them.
 */
package dev.crane.cuda;
