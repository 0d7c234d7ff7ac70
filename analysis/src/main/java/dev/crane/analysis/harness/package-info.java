/**
 * Task files of lm-evaluation-harness: YAML that says where questions lie, how they become prompts (Jinja), and what is measured. Nothing is fetched, and Python is
 * never run. Start at {@link dev.crane.analysis.harness.TaskFiles}.
 */
package dev.crane.analysis.harness;
