package dev.crane.models.tokenizer;

/**
 * A token that is looked for in the text itself, before anything else cuts it.
 *
 * @param id its id
 * @param content its text
 * @param singleWord it counts only where no word character stands beside it
 * @param leftStrip it swallows the white space before it
 * @param rightStrip it swallows the white space after it
 * @param normalized it is looked for in the normalised text instead of the text as given
 * @param special it stands for no text, and can be left out when decoding
 */
public record AddedToken(int id, String content, boolean singleWord, boolean leftStrip, boolean rightStrip, boolean normalized,
        boolean special) {}
