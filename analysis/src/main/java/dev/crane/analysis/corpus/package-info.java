/** Texts of a language from files, and the token sequences that are made of them. Start at {@link dev.crane.analysis.corpus.Corpus}. */
package dev.crane.analysis.corpus;
