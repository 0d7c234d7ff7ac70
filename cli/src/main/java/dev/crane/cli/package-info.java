/**
 * The {@code crane} command: one class per subcommand, each nothing but arguments, progress and printing.
 *
 * <p>
 * Conventions: results go to standard output ({@code spec.commandLine().getOut()}) or to files, everything else to standard error. A command's
 * {@code call()} returns an {@link dev.crane.cli.ExitStatus}; what the user did wrong is thrown as a {@link dev.crane.engine.CraneException}. A
 * command that prints a {@link dev.crane.cli.Table} also takes {@code --json}, and then prints one record with the same content by
 * {@link dev.crane.cli.Json}.
 */
package dev.crane.cli;
