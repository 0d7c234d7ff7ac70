/** The third stage of encoding: a piece of text to token ids. */
package dev.crane.models.tokenizer.model;
