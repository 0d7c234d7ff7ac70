/**
 * Finding and opening the CUDA libraries. They are never bundled: what the machine has is looked up once, and each way that can fail says how to
 * mend it.
 */
package dev.crane.bindings;
