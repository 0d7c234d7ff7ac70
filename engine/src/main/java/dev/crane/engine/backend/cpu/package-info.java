/** The embedded backend: every op on the Vector API, on a fixed number of threads, with the same bits for any number of them. */
package dev.crane.engine.backend.cpu;
