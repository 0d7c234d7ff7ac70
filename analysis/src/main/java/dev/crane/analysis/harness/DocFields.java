package dev.crane.analysis.harness;

import java.util.ArrayList;
import java.util.List;

import dev.crane.analysis.table.Row;
import dev.crane.engine.CraneException;

/**
 * What lies in a row: the question, what may be answered, and the right answer, by lm-evaluation-harness's rules.
 *
 * @param text {@code doc_to_text}
 * @param choice {@code doc_to_choice}, or null
 * @param target {@code doc_to_target}
 * @param choices whether the task has a {@code doc_to_choice}: a rendered number then is a place among the choices
 */
record DocFields(Field text, Field choice, Field target, boolean choices) {
    /** The question. */
    String text(Row row) {
        Object value = text.of(row);
        if (value instanceof Long || (text instanceof Field.Rendered && choices && value instanceof String s && isDigits(s)))
            throw new CraneException(text.where() + ": gives the number " + value + " (" + row.origin()
                    + "): a task with a context for each choice is not read");
        if (value instanceof String s)
            return s;
        throw new CraneException(text.where() + ": gives no text but " + value + " (" + row.origin() + ")");
    }

    /** The choices, at least one. */
    List<String> choices(Row row) {
        Object value = choice.of(row);
        if (choice instanceof Field.Rendered)
            try {
                value = PythonLiteral.read(((String) value).strip());
            } catch (IllegalArgumentException e) {
                throw new CraneException(choice.where() + ": gives no list but '" + shortened(value) + "' (" + row.origin() + ")", e);
            }
        List<String> texts = new ArrayList<>();
        if (value instanceof List<?> list)
            for (Object item : list) {
                if (!(item instanceof String text))
                    throw new CraneException(choice.where() + ": the choice " + item + " is no text (" + row.origin() + ")");
                texts.add(text);
            }
        if (texts.isEmpty())
            throw new CraneException(choice.where() + ": gives no choices (" + row.origin() + ")");
        return texts;
    }

    /** The right answer: a place (Long), a text, a list, or what its column holds. */
    Object target(Row row) {
        Object value = target.of(row);
        if (!(target instanceof Field.Rendered) || !(value instanceof String text))
            return value;
        if (choices && isDigits(text) && text.length() < 10)
            return Long.valueOf(text);
        if (text.length() >= 2 && text.startsWith("[") && text.endsWith("]"))
            try {
                return PythonLiteral.read(text);
            } catch (IllegalArgumentException e) {
                return text;
            }
        return text;
    }

    /** The index of the right one among the choices. */
    int answer(Row row, List<String> among) {
        Object gold = target(row);
        long index = switch (gold) {
            case Long l -> l;
            case Double d -> d == Math.rint(d) ? d.longValue() : -1;
            case Boolean b -> b ? 1 : 0;
            case String s -> among.indexOf(s);
            case List<?> list ->
                throw new CraneException(target.where() + ": gives several right answers, " + shortened(list) + ", and one is expected ("
                        + row.origin() + ")");
            case null, default -> -1;
        };
        if (index < 0 || index >= among.size())
            throw new CraneException(target.where() + ": gives " + (gold == null ? "nothing" : "'" + gold + "'") + ", which is none of the "
                    + among.size() + " choices (" + row.origin() + ")");
        return (int) index;
    }

    /** The right answer as it stands in an example. */
    String answerText(Row row) {
        Object answer = target(row);
        if (choice != null && answer instanceof Long index) {
            List<String> among = choices(row);
            if (index >= 0 && index < among.size())
                return among.get(index.intValue());
        }
        if (answer instanceof List<?> list && !list.isEmpty())
            answer = list.getFirst();
        if (answer instanceof String text)
            return text;
        throw new CraneException(target.where() + ": gives " + answer + ", which is no answer's text (" + row.origin() + ")");
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static String shortened(Object value) {
        String text = String.valueOf(value).replace("\n", "\\n");
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }
}
