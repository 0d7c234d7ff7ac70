/** Tokens back to text. */
package dev.crane.models.tokenizer.decoder;
