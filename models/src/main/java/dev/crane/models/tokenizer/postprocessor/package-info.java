/** The last stage of encoding: special tokens around the ids of a text. */
package dev.crane.models.tokenizer.postprocessor;
