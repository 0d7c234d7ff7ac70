/** Element types and stored tensors. */
package dev.crane.engine.tensor;
