/** Scores of every unit over the samples of a corpus, gathered in one forward and one backward pass a sample. */
package dev.crane.analysis.collect;
