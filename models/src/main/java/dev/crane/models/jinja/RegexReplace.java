package dev.crane.models.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** lm-evaluation-harness's filter {@code regex_replace(pattern, repl, count=0)}: Python's {@code re.sub}. */
final class RegexReplace {
    private RegexReplace() {
    }

    static Object call(Arguments arguments) {
        String text = arguments.text(0, "string");
        Pattern pattern;
        try {
            pattern = Pattern.compile(arguments.text(1, "pattern"), Pattern.UNICODE_CHARACTER_CLASS);
        } catch (PatternSyntaxException e) {
            throw new TemplateError("'" + e.getPattern() + "' is no regular expression: " + e.getDescription());
        }
        String replacement = javaReplacement(arguments.text(2, "repl"));
        long count = arguments.integer(3, "count", 0);
        Matcher matcher = pattern.matcher(text);
        StringBuilder out = new StringBuilder();
        try {
            for (long done = 0; (count == 0 || done < count) && matcher.find(); done++) {
                matcher.appendReplacement(out, replacement);
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new TemplateError("regex_replace: " + e.getMessage());
        }
        return matcher.appendTail(out).toString();
    }

    /** {@code \1} and {@code \g<1>} mean groups in Python, {@code $} means itself. */
    private static String javaReplacement(String python) {
        return python.replace("$", "\\$").replaceAll("\\\\g<(\\d+)>", "\\$$1").replaceAll("\\\\g<(\\w+)>", "\\${$1}")
                .replaceAll("\\\\(\\d)", "\\$$1").replace("\\n", "\n");
    }
}
