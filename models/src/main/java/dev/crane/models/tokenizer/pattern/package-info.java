/** Patterns of a {@code tokenizer.json}: literal strings and regular expressions of Oniguruma's dialect. */
package dev.crane.models.tokenizer.pattern;
