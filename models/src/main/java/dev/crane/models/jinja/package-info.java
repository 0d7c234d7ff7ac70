/**
 * Templates in the language Jinja, rendered as Jinja2 (3.1) renders them: chat templates of model folders, and prompts of evaluation tasks. Start at
 * {@link dev.crane.models.jinja.Template}.
 *
 * <p>
 * This is an engine of its own because the kept-up ones for Java render another language. Of the 24 cases of the golden file jinjava 2.8.4 (trims on,
 * all legacy overrides) gets 3: it takes {@code messages[1:]}, a negative step and {@code loop.index0 % 2} in brackets for syntax errors and then prints
 * the template itself, knows few of Python's string methods, reports errors beside a half-made text, drops the newline before the end, gives {@code -1}
 * for {@code -7 % 3}, {@code ''} for {@code none} and {@code {"a":1}} for {@code tojson}, and has no {@code generation}. Pebble has tags and filters of
 * its own (no {@code namespace}, no loop controls, no {@code -} on one side of a trim alone) and so is farther away.
 *
 * <p>
 * Templates come from files of strangers: nothing of Java can be reached from them, and nesting, steps, sizes of values and the output are limited.
 */
package dev.crane.models.jinja;
