/** The CPU backend: threads, and matrix products on the Vector API that read weights as they are stored. */
package dev.crane.engine.backend.cpu;
