/** Hook points: where in the pass values can be captured, changed, or read for relevance. */
package dev.crane.engine.hook;
