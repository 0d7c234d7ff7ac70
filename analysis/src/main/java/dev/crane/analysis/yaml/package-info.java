/** YAML files read with the place of every value kept, so that a mistake in one can be pointed at. */
package dev.crane.analysis.yaml;
