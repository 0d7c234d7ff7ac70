/** What all of the analysis shares. */
package dev.crane.analysis;
