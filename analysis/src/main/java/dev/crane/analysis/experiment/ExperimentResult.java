package dev.crane.analysis.experiment;

import java.nio.file.Path;

/**
 * What an experiment came to.
 *
 * @param folder where everything lies
 * @param tables the numbers
 * @param report the page that shows them
 */
public record ExperimentResult(Path folder, ResultTables tables, Path report) {}
