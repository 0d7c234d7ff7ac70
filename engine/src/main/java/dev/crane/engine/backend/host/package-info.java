/** Tensors and weights in the JVM's memory, shared by the backends that compute there. */
package dev.crane.engine.backend.host;
