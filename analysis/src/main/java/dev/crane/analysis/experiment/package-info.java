/** A whole experiment from one file: scores, statistics, masks, measurements and tables, picked up where it was interrupted. */
package dev.crane.analysis.experiment;
