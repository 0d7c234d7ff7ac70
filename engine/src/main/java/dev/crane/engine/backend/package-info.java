/** The op-level interface that the decoder is written over, and what its operands are. */
package dev.crane.engine.backend;
