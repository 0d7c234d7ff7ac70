/** Checks of what users add to the engine: relevance rules. */
package dev.crane.engine.check;
