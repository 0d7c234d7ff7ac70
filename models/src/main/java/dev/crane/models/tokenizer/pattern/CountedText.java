package dev.crane.models.tokenizer.pattern;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** A text that can be looked at only so often: the one way to stop a regular expression of the JDK that backtracks without end. */
final class CountedText implements CharSequence {
    private final String text;
    private final String expression;
    private long looksLeft;

    CountedText(String text, long looks, String expression) {
        this.text = text;
        this.expression = expression;
        this.looksLeft = looks;
    }

    @Override
    public char charAt(int index) {
        if (--looksLeft < 0) {
            throw new CraneException("the tokenizer's regular expression " + FileErrors.quote(expression)
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
