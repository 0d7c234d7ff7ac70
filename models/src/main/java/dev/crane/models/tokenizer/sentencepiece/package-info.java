/** SentencePiece's {@code tokenizer.model} files. */
package dev.crane.models.tokenizer.sentencepiece;
