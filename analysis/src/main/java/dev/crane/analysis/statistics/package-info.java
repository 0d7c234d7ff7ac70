/** What is known of every unit's scores in one language, how it grows sample by sample, and the files that hold it. */
package dev.crane.analysis.statistics;
