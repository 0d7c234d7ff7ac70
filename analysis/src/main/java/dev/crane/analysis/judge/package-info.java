/** Scores that a judge gave to generated texts. */
package dev.crane.analysis.judge;
