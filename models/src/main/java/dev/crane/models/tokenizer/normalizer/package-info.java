/** The first stage of encoding: text to text. */
package dev.crane.models.tokenizer.normalizer;
