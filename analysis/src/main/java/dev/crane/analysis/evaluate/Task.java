package dev.crane.analysis.evaluate;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A multiple-choice task.
 *
 * @param name the file's name without its ending
 * @param file where it was read from
 * @param delimiter what stands between context and choice
 * @param encoding how context and choice become tokens
 * @param items the questions in the order of the file
 * @param about what results say about it
 */
public record Task(String name, Path file, String delimiter, Encoding encoding, List<ChoiceItem> items, TaskInfo about) {
    /** A task about which nothing else is to be said. */
    public Task(String name, Path file, String delimiter, Encoding encoding, List<ChoiceItem> items) {
        this(name, file, delimiter, encoding, items, TaskInfo.plain(name, items.size()));
    }

    /**
     * How context and choice become tokens. It matters only where a token of the whole text reaches from the end of the context into the choice. Scored are
     * the tokens of the whole text after as many as the context has alone.
     */
    public enum Encoding {
        /** The whole text's tokens, as it is written. */
        TEXT,
        /** The context's tokens as it is encoded alone in place of the whole text's first ones: lm-evaluation-harness. */
        HARNESS
    }

    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /**
     * Reads a task.
     *
     * @param file lines {@code {"context": …, "choices": […], "answer": …}} with the index of the right choice, which follows the context with nothing
     *        between; may end in {@code .gz}
     * @throws CraneException it cannot be read, or a line is no such question
     */
    public static Task read(Path file) {
        String fileName = file.getFileName().toString();
        String plain = fileName.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        if (plain.endsWith(".yaml") || plain.endsWith(".yml"))
            throw new CraneException(file + ": is a task file; its questions are in files of their own");
        if (!plain.endsWith(".jsonl") && !plain.endsWith(".json"))
            throw new CraneException(file + ": a task is a .jsonl file of lines {\"context\": …, \"choices\": […], \"answer\": 0}");
        List<ChoiceItem> items = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file);
                BufferedReader reader = new BufferedReader(new InputStreamReader(
                        plain.length() < fileName.length() ? new GZIPInputStream(in) : in, StandardCharsets.UTF_8.newDecoder()))) {
            int line = 0;
            for (String text = reader.readLine(); text != null; text = reader.readLine())
                items.add(item(file, line++, text));
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
        if (items.isEmpty())
            throw new CraneException(file + ": the task has no items");
        return new Task(plain.substring(0, plain.lastIndexOf('.')), file, "", Encoding.TEXT, List.copyOf(items));
    }

    /** The first items only, or all where there are no more. */
    public Task limit(int count) {
        return new Task(name, file, delimiter, encoding, items.subList(0, Math.min(count, items.size())), about);
    }

    /** Where an item stands, for messages. */
    String origin(ChoiceItem item) {
        return file + (encoding == Encoding.TEXT ? ": line " : ": " + name + ", item ") + (item.line() + 1);
    }

    private static ChoiceItem item(Path file, int line, String text) {
        JsonNode node;
        try {
            node = JSON.readTree(text);
        } catch (JacksonException e) {
            throw bad(file, line, "is no JSON object: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
        if (!node.isObject())
            throw bad(file, line, "is no JSON object");
        JsonNode context = node.path("context");
        JsonNode choices = node.path("choices");
        JsonNode answer = node.path("answer");
        if (!context.isString())
            throw bad(file, line, "lacks \"context\", a text");
        if (!choices.isArray() || choices.isEmpty() || !choices.valueStream().allMatch(JsonNode::isString))
            throw bad(file, line, "lacks \"choices\", a list of texts");
        if (!answer.isIntegralNumber() || !answer.canConvertToInt() || answer.intValue() < 0 || answer.intValue() >= choices.size())
            throw bad(file, line, "lacks \"answer\", the index of the right choice, 0 … " + (choices.size() - 1));
        return new ChoiceItem(line, context.stringValue(), choices.valueStream().map(JsonNode::stringValue).toList(), answer.intValue());
    }

    private static CraneException bad(Path file, int line, String what) {
        return new CraneException(file + ": line " + (line + 1) + " " + what);
    }
}
