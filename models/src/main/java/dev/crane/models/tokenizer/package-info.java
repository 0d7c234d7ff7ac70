/** Text to token ids and back, as a {@code tokenizer.json} of the Hugging Face tokenizers library says. Start at {@link dev.crane.models.tokenizer.Tokenizer}. */
package dev.crane.models.tokenizer;
