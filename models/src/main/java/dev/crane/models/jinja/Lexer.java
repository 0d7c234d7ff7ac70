package dev.crane.models.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.crane.models.jinja.Token.Kind;

/** Cuts a template into tokens, and drops the white space that its marks and the environment want dropped; follows Jinja2's {@code lexer.py}. */
final class Lexer {
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%}\\s*|%})", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%}|-%}\\s*|%})",
            Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern NUMBER = Pattern.compile("(?:0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[0-9a-f])+|"
            + "(\\d+(?:_\\d+)*(?:(?:\\.\\d+(?:_\\d+)*)?e[+\\-]?\\d+(?:_\\d+)*|\\.\\d+(?:_\\d+)*))|[1-9](?:_?\\d)*|0(?:_?0)*)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME = Pattern.compile("[\\w\\d]+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final String[] OPERATORS = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
            "}",
            ">", "<", "=", ".", ":", "|", ",", ";"};

    private final Environment environment;
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int counted;
    /** Whether what was read last ends a line, or nothing was read. */
    private boolean lineStarting = true;

    private Lexer(String source, Environment environment) {
        this.environment = environment;
        String text = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = !environment.keepTrailingNewline() && text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    static List<Token> tokens(String source, Environment environment) {
        Lexer lexer = new Lexer(source, environment);
        lexer.root();
        return lexer.tokens;
    }

    private int line(int position) {
        for (; counted < position; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }

    private void add(Kind kind, Object value, int position) {
        tokens.add(new Token(kind, value, line(position)));
    }

    private void root() {
        while (at < source.length()) {
            int open = source.indexOf('{', at);
            while (open >= 0 && (open + 1 == source.length() || "%{#".indexOf(source.charAt(open + 1)) < 0)) {
                open = source.indexOf('{', open + 1);
            }
            if (open < 0) {
                add(Kind.DATA, source.substring(at), at);
                at = source.length();
                break;
            }
            char type = source.charAt(open + 1);
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            data(source.substring(at, open), sign, type != '{');
            Matcher raw = RAW.matcher(source).region(open, source.length());
            if (raw.lookingAt()) {
                at = raw.end();
                lineStarting = source.charAt(at - 1) == '\n';
                raw(open);
            } else {
                at = open + (sign == '-' || sign == '+' ? 3 : 2);
                lineStarting = false;
                switch (type) {
                    case '#' -> comment(open);
                    case '%' -> code(Kind.BLOCK_BEGIN, Kind.BLOCK_END, open);
                    default -> code(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, open);
                }
            }
        }
        add(Kind.END, "", source.length());
    }

    /** Text before a tag: without white space at its end where the tag has a minus, and without the blanks of the tag's line where blocks strip. */
    private void data(String text, char sign, boolean strips) {
        String data = text;
        if (sign == '-') {
            data = StringMethods.strip(text, null, false, true);
        } else if (sign != '+' && strips && environment.lstripBlocks()) {
            int lineStart = text.lastIndexOf('\n') + 1;
            if ((lineStart > 0 || lineStarting) && StringMethods.strip(text.substring(lineStart), null, true, false).isEmpty()) {
                data = text.substring(0, lineStart);
            }
        }
        if (!data.isEmpty()) {
            add(Kind.DATA, data, at);
        }
    }

    private void raw(int open) {
        Matcher end = END_RAW.matcher(source);
        if (!end.find(at)) {
            throw new SyntaxError(line(open), "Missing end of raw directive");
        }
        data(source.substring(at, end.start()), end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0), true);
        at = end.end();
        trimNewline(end.group(2).startsWith("%"));
        lineStarting = source.charAt(at - 1) == '\n';
    }

    private void trimNewline(boolean plainEnd) {
        if (plainEnd && environment.trimBlocks() && source.startsWith("\n", at)) {
            at++;
        }
    }

    private void skipSpace() {
        while (at < source.length() && StringMethods.isSpace(source.charAt(at))) {
            at++;
        }
    }

    private void comment(int open) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new SyntaxError(line(open), "Missing end of comment tag");
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        if (sign == '-') {
            skipSpace();
        } else {
            trimNewline(sign != '+');
        }
        lineStarting = source.charAt(at - 1) == '\n';
    }

    private void code(Kind begin, Kind end, int open) {
        add(begin, "", open);
        String close = begin == Kind.BLOCK_BEGIN ? "%}" : "}}";
        Deque<Character> brackets = new ArrayDeque<>();
        while (true) {
            int start = at;
            skipSpace();
            if (brackets.isEmpty() && end(close, begin == Kind.BLOCK_BEGIN)) {
                add(end, "", start);
                lineStarting = source.charAt(at - 1) == '\n';
                return;
            }
            if (at == source.length()) {
                add(Kind.END, "", at);
                return;
            }
            token(brackets);
        }
    }

    private boolean end(String close, boolean block) {
        if (source.startsWith("-" + close, at)) {
            at += 3;
            skipSpace();
            return true;
        }
        if (block && source.startsWith("+" + close, at)) {
            at += 3;
            return true;
        }
        if (source.startsWith(close, at)) {
            at += 2;
            trimNewline(block);
            return true;
        }
        return false;
    }

    private void token(Deque<Character> brackets) {
        char c = source.charAt(at);
        int start = at;
        Matcher number = NUMBER.matcher(source).region(at, source.length());
        if (number.lookingAt()) {
            at = number.end();
            number(number.group().replace("_", ""), number.group(1) != null, start);
            return;
        }
        Matcher name = NAME.matcher(source).region(at, source.length());
        if (name.lookingAt()) {
            if (!Character.isUnicodeIdentifierStart(name.group().codePointAt(0)) && c != '_') {
                throw new SyntaxError(line(start), "Invalid character in identifier");
            }
            at = name.end();
            add(Kind.NAME, name.group(), start);
            return;
        }
        if (c == '\'' || c == '"') {
            string(c);
            return;
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                balance(operator, brackets);
                at += operator.length();
                add(Kind.OPERATOR, operator, start);
                return;
            }
        }
        throw new SyntaxError(line(start), "unexpected char " + Texts.repr(source.substring(at, source.offsetByCodePoints(at, 1))));
    }

    private void balance(String operator, Deque<Character> brackets) {
        int opens = "{([".indexOf(operator);
        if (opens >= 0) {
            brackets.push("})]".charAt(opens));
        } else if ("})]".contains(operator)) {
            if (brackets.isEmpty()) {
                throw new SyntaxError(line(at), "unexpected '" + operator + "'");
            }
            char expected = brackets.pop();
            if (expected != operator.charAt(0)) {
                throw new SyntaxError(line(at), "unexpected '" + operator + "', expected '" + expected + "'");
            }
        }
    }

    private void number(String digits, boolean real, int start) {
        try {
            if (real) {
                add(Kind.FLOAT, Double.valueOf(digits), start);
                return;
            }
            int radix = digits.length() < 2 ? 10 : switch (digits.charAt(1)) {
                case 'x', 'X' -> 16;
                case 'o', 'O' -> 8;
                case 'b', 'B' -> 2;
                default -> 10;
            };
            add(Kind.INTEGER, Long.valueOf(radix == 10 ? digits : digits.substring(2), radix), start);
        } catch (NumberFormatException e) {
            throw new SyntaxError(line(start), "the number " + digits + " is too large");
        }
    }

    private void string(char quote) {
        int start = at;
        int end = at + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw new SyntaxError(line(start), "unexpected char " + Texts.repr(String.valueOf(quote)) + ": a string without an end");
        }
        at = end + 1;
        add(Kind.STRING, Texts.unescape(source.substring(start + 1, end), line(start)), start);
    }
}
