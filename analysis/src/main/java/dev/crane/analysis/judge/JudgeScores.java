package dev.crane.analysis.judge;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import dev.crane.analysis.table.CsvRows;
import dev.crane.analysis.table.JsonRows;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.table.TextTable;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * What a judge said of texts, by their ids: a number, or none where what it wrote could not be read as one. Such a failure is never taken for a score.
 *
 * @param scores in the file's order
 */
public record JudgeScores(Map<String, OptionalDouble> scores) {
    private static final String NUMBER = "([-+]?\\d+(?:\\.\\d+)?)";
    /** {@code Rating: [[7]]}, as MT-Bench's judges are asked to write. */
    private static final Pattern BRACKETS = Pattern.compile("\\[\\[\\s*" + NUMBER + "\\s*\\]\\]");
    /** {@code {"score": 7}}, alone or within other text. */
    private static final Pattern JSON = Pattern.compile("\"(?:score|rating)\"\\s*:\\s*\"?" + NUMBER + "\"?\\s*[,}]",
            Pattern.CASE_INSENSITIVE);
    /** Nothing but a number. */
    private static final Pattern ALONE = Pattern.compile("\\s*" + NUMBER + "\\s*");
    private static final List<String> FIELDS = List.of("score", "judgment", "judgement", "rating", "response", "output", "text",
            "completion");

    /**
     * How scores are read.
     *
     * @param field the key or column that holds the score or the judge's text; null: the first of {@code score}, {@code judgment}, {@code judgement},
     *        {@code rating}, {@code response}, {@code output}, {@code text}, {@code completion} that there is
     * @param pattern what finds the score in a text, as its first group; null: {@code [[7]]}, {@code {"score": 7}}, or nothing but a number
     * @param least scores below are failures
     * @param most scores above are failures
     */
    public record Reading(String field, Pattern pattern, double least, double most) {
        /** Any number where it usually stands. */
        public static final Reading DEFAULT = new Reading(null, null, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

        /**
         * The pattern that a user writes.
         *
         * @throws CraneException if it is no regular expression with a group
         */
        public static Pattern pattern(String text) {
            try {
                Pattern pattern = Pattern.compile(text);
                if (pattern.matcher("").groupCount() >= 1)
                    return pattern;
            } catch (PatternSyntaxException e) {
                throw new CraneException("the pattern " + FileErrors.quote(text) + " is no regular expression: " + e.getDescription(), e);
            }
            throw new CraneException(
                    "the pattern " + FileErrors.quote(text) + " has no group that is the score, such as in 'Rating: (\\d+)'");
        }

        /** The score in a judge's text; nothing where there is none, where there are several that differ, or it is out of range. */
        OptionalDouble find(String text) {
            for (Pattern known : pattern != null ? List.of(pattern) : List.of(BRACKETS, JSON)) {
                Set<Double> found = new HashSet<>();
                Matcher matcher = known.matcher(text);
                while (matcher.find())
                    found.add(number(matcher.group(1)));
                if (found.size() > 1)
                    return OptionalDouble.empty();
                if (found.size() == 1)
                    return within(found.iterator().next());
            }
            Matcher alone = ALONE.matcher(text);
            return pattern == null && alone.matches() ? within(number(alone.group(1))) : OptionalDouble.empty();
        }

        private static double number(String text) {
            try {
                return text == null ? Double.NaN : Double.parseDouble(text.strip());
            } catch (NumberFormatException e) {
                return Double.NaN; // what a user's pattern found is no number
            }
        }

        OptionalDouble within(double score) {
            return Double.isFinite(score) && score >= least && score <= most ? OptionalDouble.of(score) : OptionalDouble.empty();
        }
    }

    /**
     * Reads a file of JSON lines (or a list), or of CSV by its name: a row for each text, with its {@code id} and the score, or what the judge wrote.
     *
     * @throws CraneException one line that says what is wrong with the file
     */
    public static JudgeScores read(Path file, Reading reading) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        // In CSV every cell is a text, so that an id 007 stays one.
        List<Row> rows = name.endsWith(".csv")
                ? CsvRows.read(file, TextTable.read(file), new CsvRows.Layout(',', null, true, true))
                : JsonRows.read(file, TextTable.read(file), null);
        Map<String, OptionalDouble> scores = new LinkedHashMap<>();
        for (Row row : rows) {
            String id = id(row);
            if (scores.put(id, score(row, reading)) != null)
                throw new CraneException(row.origin() + ": the id " + FileErrors.quote(id) + " is scored already; a text has one score");
        }
        if (scores.isEmpty())
            throw new CraneException(file + ": holds no scores");
        return new JudgeScores(scores);
    }

    private static OptionalDouble score(Row row, Reading reading) {
        String field = reading.field != null
                ? reading.field
                : FIELDS.stream().filter(row.values()::containsKey).findFirst().orElseThrow(() -> new CraneException(row.origin()
                        + " has no score: none of " + String.join(", ", FIELDS) + "; say which column it is with --field"));
        if (!row.values().containsKey(field))
            throw new CraneException(row.origin() + " has no \"" + field + "\"; there are " + String.join(", ", row.values().keySet()));
        return switch (row.values().get(field)) {
            case Number number -> reading.within(number.doubleValue());
            case String text -> reading.find(text);
            case Map<?, ?> map -> map.get("score") instanceof Number number ? reading.within(number.doubleValue()) : OptionalDouble.empty();
            case null, default -> OptionalDouble.empty();
        };
    }

    static String id(Row row) {
        Object id = row.values().get("id");
        if (!(id instanceof String || id instanceof Long) || id.toString().isBlank())
            throw new CraneException(row.origin() + " has no \"id\"");
        return id.toString();
    }
}
