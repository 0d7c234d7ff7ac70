/** The second stage of encoding: text to pieces that no token crosses. */
package dev.crane.models.tokenizer.pretokenizer;
