/** Explanations of single texts: which tokens a prediction rests on. */
package dev.crane.analysis.explain;
