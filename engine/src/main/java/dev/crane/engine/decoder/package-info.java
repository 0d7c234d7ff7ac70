/** The decoder-only transformer: what describes one, its weights, its forward and backward pass. */
package dev.crane.engine.decoder;
