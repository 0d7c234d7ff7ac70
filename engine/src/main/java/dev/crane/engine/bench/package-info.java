/** Every op of a backend on the shapes of a layer: compared with the scalar reference, then timed. */
package dev.crane.engine.bench;
