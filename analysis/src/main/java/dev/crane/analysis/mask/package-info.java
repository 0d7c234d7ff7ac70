/** Sets of units: how they are counted and compared, written to files, and turned into interventions of a pass. */
package dev.crane.analysis.mask;
