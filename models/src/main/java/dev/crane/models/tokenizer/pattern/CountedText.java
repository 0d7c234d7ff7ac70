package dev.crane.models.tokenizer.pattern;

import java.util.regex.Pattern;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.file.JsonPlace;

/** A text that can be looked at only so often: the one way to stop a regular expression of the JDK that backtracks without end. */
final class CountedText implements CharSequence {
    private final String text;
    private final Pattern pattern;
    private long looksLeft;

    CountedText(String text, long looks, Pattern pattern) {
        this.text = text;
        this.pattern = pattern;
        this.looksLeft = looks;
    }

    @Override
    public char charAt(int index) {
        if (--looksLeft < 0) {
            throw new CraneException("the tokenizer's regular expression " + JsonPlace.quote(pattern.pattern())
                    + " backtracks without end on this text; give the text in shorter documents");
        }
        return text.charAt(index);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
