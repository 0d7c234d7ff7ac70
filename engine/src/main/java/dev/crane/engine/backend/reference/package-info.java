/** Every op as plain scalar Java: the oracle that the other backends are tested against. Obvious rather than fast; sums in f64. */
package dev.crane.engine.backend.reference;
