/** Which units a language needs: methods that turn statistics of each language into a set of units for each. */
package dev.crane.analysis.identify;
