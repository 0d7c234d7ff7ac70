package dev.crane.models.jinja;

/**
 * A token of a template.
 *
 * @param kind what it is
 * @param value text, name, operator, or the literal's value
 * @param line where it begins, from 1
 */
record Token(Kind kind, Object value, int line) {
    enum Kind {
        DATA, BLOCK_BEGIN, BLOCK_END, VARIABLE_BEGIN, VARIABLE_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END
    }

    boolean is(Kind wanted, String text) {
        return kind == wanted && value.equals(text);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }

    boolean isOperator(String operator) {
        return is(Kind.OPERATOR, operator);
    }

    String text() {
        return (String) value;
    }

    /** For messages, as Jinja2 names it. */
    String describe() {
        return switch (kind) {
            case DATA -> "template data / text";
            case BLOCK_BEGIN -> "begin of statement block";
            case BLOCK_END -> "end of statement block";
            case VARIABLE_BEGIN -> "begin of print statement";
            case VARIABLE_END -> "end of print statement";
            case END -> "end of template";
            case NAME, STRING, INTEGER, FLOAT, OPERATOR -> String.valueOf(value);
        };
    }
}
