/** Relevance: how the backward pass is modified, what it starts from, what is read. */
package dev.crane.engine.relevance;
