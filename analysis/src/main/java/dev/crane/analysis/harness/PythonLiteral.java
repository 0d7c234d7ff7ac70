package dev.crane.analysis.harness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Python's {@code ast.literal_eval}: strings, numbers, lists, tuples (as lists), dictionaries, {@code True}, {@code False} and {@code None}. A rendered list, such as
 * that of a question's choices, is read back with it.
 */
final class PythonLiteral {
    private static final int DEEPEST = 100;

    private final String text;
    private int at;
    private int depth;

    private PythonLiteral(String text) {
        this.text = text;
    }

    /**
     * The value: null, Boolean, Long, Double, String, List or Map.
     *
     * @throws IllegalArgumentException it is no literal
     */
    static Object read(String text) {
        PythonLiteral literal = new PythonLiteral(text);
        Object value = literal.value();
        literal.blanks();
        if (literal.at < text.length())
            throw literal.wrong();
        return value;
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no literal at character " + (at + 1));
    }

    private void blanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at)))
            at++;
    }

    private char peek() {
        blanks();
        if (at == text.length())
            throw wrong();
        return text.charAt(at);
    }

    private Object value() {
        if (++depth > DEEPEST)
            throw wrong();
        char c = peek();
        Object value = switch (c) {
            case '[' -> items(']');
            case '(' -> tuple();
            case '{' -> map();
            case '\'', '"' -> strings();
            default -> word();
        };
        depth--;
        return value;
    }

    private List<Object> items(char end) {
        at++;
        List<Object> items = new ArrayList<>();
        while (peek() != end) {
            items.add(value());
            if (peek() == ',')
                at++;
            else if (peek() != end)
                throw wrong();
        }
        at++;
        return items;
    }

    /** {@code (x)} is x; a comma makes a tuple. */
    private Object tuple() {
        int begin = at;
        List<Object> items = items(')');
        return items.size() == 1 && !text.substring(begin, at - 1).stripTrailing().endsWith(",") ? items.getFirst() : items;
    }

    private Map<Object, Object> map() {
        at++;
        Map<Object, Object> map = new LinkedHashMap<>();
        while (peek() != '}') {
            Object key = value();
            if (peek() != ':')
                throw wrong();
            at++;
            map.put(key, value());
            if (peek() == ',')
                at++;
            else if (peek() != '}')
                throw wrong();
        }
        at++;
        return map;
    }

    /** Strings that follow each other are one. */
    private String strings() {
        StringBuilder out = new StringBuilder();
        do {
            string(out);
            blanks();
        } while (at < text.length() && (text.charAt(at) == '\'' || text.charAt(at) == '"'));
        return out.toString();
    }

    private void string(StringBuilder out) {
        char quote = text.charAt(at++);
        if (text.startsWith(String.valueOf(quote).repeat(2), at))
            throw wrong(); // a text of several lines is nothing that a list prints
        while (true) {
            if (at == text.length() || text.charAt(at) == '\n')
                throw wrong();
            char c = text.charAt(at++);
            if (c == quote)
                return;
            if (c == '\\')
                escape(out);
            else
                out.append(c);
        }
    }

    private void escape(StringBuilder out) {
        if (at == text.length())
            throw wrong();
        char c = text.charAt(at++);
        switch (c) {
            case '\n' -> {
                // a line goes on
            }
            case 'n' -> out.append('\n');
            case 't' -> out.append('\t');
            case 'r' -> out.append('\r');
            case 'a' -> out.append('\u0007');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'v' -> out.append('\u000b');
            case '\\', '\'', '"' -> out.append(c);
            case 'x' -> out.appendCodePoint(hex(2));
            case 'u' -> out.appendCodePoint(hex(4));
            case 'U' -> out.appendCodePoint(hex(8));
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int octal = c - '0';
                for (int i = 0; i < 2 && at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '7'; i++)
                    octal = octal * 8 + text.charAt(at++) - '0';
                out.appendCodePoint(octal);
            }
            default -> out.append('\\').append(c);
        }
    }

    private int hex(int digits) {
        if (at + digits > text.length())
            throw wrong();
        int value;
        try {
            value = Integer.parseUnsignedInt(text, at, at + digits, 16);
        } catch (NumberFormatException e) {
            throw wrong();
        }
        at += digits;
        if (!Character.isValidCodePoint(value))
            throw wrong();
        return value;
    }

    private Object word() {
        int begin = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || "+-._".indexOf(text.charAt(at)) >= 0))
            at++;
        String word = text.substring(begin, at);
        return switch (word) {
            case "True" -> true;
            case "False" -> false;
            case "None" -> null;
            default -> number(word);
        };
    }

    private Object number(String word) {
        if (word.isEmpty() || Character.isLetter(word.codePointBefore(word.length())))
            throw wrong();
        try {
            String digits = word.replace("_", "");
            return digits.matches("[+-]?\\d+") ? (Object) Long.valueOf(digits) : Double.valueOf(digits);
        } catch (NumberFormatException e) {
            throw wrong();
        }
    }
}
