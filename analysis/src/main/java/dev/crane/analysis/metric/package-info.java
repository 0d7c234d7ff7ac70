/** What a mask did: specificity, selectivity, and how sure the numbers are. */
package dev.crane.analysis.metric;
