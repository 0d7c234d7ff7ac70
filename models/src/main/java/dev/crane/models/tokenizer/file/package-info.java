/** Reading {@code tokenizer.json}: places in the file and what is wrong there. */
package dev.crane.models.tokenizer.file;
