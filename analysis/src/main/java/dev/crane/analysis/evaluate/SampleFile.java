package dev.crane.analysis.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;

/**
 * A {@link Measurement} item by item, a JSON object a line, with the names that lm-evaluation-harness uses: of a text
 * {@code {"doc_id", "line", "loglikelihood", "tokens", "bytes"}}, of a question
 * {@code {"doc_id", "line", "target", "resps": [[log-likelihood, is-greedy], …], "acc", "acc_norm"}}, of other items {@code "resps"} and their metrics. {@code line} counts from 0. Numbers read back with the
 * same bits.
 */
public final class SampleFile {
    private static final JsonMapper JSON = JsonMapper.shared();

    private SampleFile() {
    }

    /** Writes it; the same measurement gives the same bytes. */
    public static void write(Path file, Measurement measurement) {
        StringBuilder text = new StringBuilder();
        switch (measurement) {
            case Measurement.Texts texts -> {
                for (int d = 0; d < texts.documents().size(); d++)
                    text.append(JSON.writeValueAsString(document(d, texts.documents().get(d)))).append('\n');
            }
            case Measurement.Scored scored -> {
                for (int i = 0; i < scored.items().size(); i++)
                    text.append(JSON.writeValueAsString(item(i, scored.items().get(i), scored.about().metrics()))).append('\n');
            }
            case Measurement.Choices choices -> {
                for (int q = 0; q < choices.questions().size(); q++)
                    text.append(JSON.writeValueAsString(question(q, choices.questions().get(q)))).append('\n');
            }
        }
        AtomicFile.writeString(file, text);
    }

    private static ObjectNode document(int index, DocumentResult document) {
        return JSON.createObjectNode().put("doc_id", index).put("line", document.line()).put("loglikelihood", document.logprob())
                .put("tokens", document.tokens()).put("bytes", document.bytes());
    }

    private static ObjectNode question(int index, ChoiceResult question) {
        ObjectNode line = JSON.createObjectNode().put("doc_id", index).put("line", question.item().line()).put("target",
                question.item().answer());
        ArrayNode responses = line.putArray("resps");
        for (TokenScore choice : question.choices())
            responses.addArray().add(choice.logprob()).add(choice.greedy());
        return line.put("acc", question.acc() ? 1.0 : 0.0).put("acc_norm", question.accNorm() ? 1.0 : 0.0);
    }

    private static ObjectNode item(int index, ScoredItem item, List<Metric> metrics) {
        ObjectNode line = JSON.createObjectNode().put("doc_id", index).put("line", item.line());
        ArrayNode responses = line.putArray("resps");
        switch (item.response()) {
            case ScoredItem.Response.Likelihood one -> responses.addArray().add(one.score().logprob()).add(one.score().greedy());
            case ScoredItem.Response.Rolling text -> responses.add(text.logprob());
            case ScoredItem.Response.Text written -> responses.add(written.text());
            case ScoredItem.Response.Pooled none -> throw new IllegalArgumentException("a group has no samples of its own");
        }
        for (int m = 0; m < metrics.size(); m++) {
            Metric.Value value = item.values().get(m);
            String name = metrics.get(m).label();
            if (item.response() instanceof ScoredItem.Response.Rolling)
                line.putArray(name).add(value.sum()).add(value.weight());
            else
                line.put(name, value.sum());
        }
        return line;
    }

    private static Measurement scored(ScoredMeasure measure, List<JsonNode> lines) {
        requireSame(measure.size(), lines.size());
        List<ScoredItem> items = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            JsonNode response = lines.get(i).required("resps").required(0);
            items.add(measure.item(i, response.isString()
                    ? new ScoredItem.Response.Text(response.stringValue())
                    : response.isArray()
                            ? new ScoredItem.Response.Likelihood(
                                    new TokenScore(response.required(0).asDouble(), response.required(1).asBoolean()))
                            : new ScoredItem.Response.Rolling(response.asDouble())));
        }
        return new Measurement.Scored(measure.language(), measure.name(), measure.about(), items);
    }

    /**
     * Reads it back.
     *
     * @param measure what was measured: says which texts or questions the lines are about
     * @throws CraneException the file cannot be read, or is not of this measure
     */
    public static Measurement read(Path file, Measure measure) {
        try {
            List<JsonNode> lines = new ArrayList<>();
            for (String line : Files.readAllLines(file))
                lines.add(JSON.readTree(line));
            return switch (measure) {
                case Measure.Texts texts -> texts(texts, lines);
                case Measure.Choices choices -> choices(choices, lines);
                case ScoredMeasure scored -> scored(scored, lines);
            };
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new CraneException(file + ": damaged; remove it, and it is computed again", e);
        }
    }

    private static Measurement texts(Measure.Texts measure, List<JsonNode> lines) {
        requireSame(measure.documents().size(), lines.size());
        return new Measurement.Texts(measure.language(), lines.stream().map(line -> new DocumentResult(line.required("line").asInt(),
                line.required("loglikelihood").asDouble(), line.required("tokens").asInt(), line.required("bytes").asLong())).toList());
    }

    private static Measurement choices(Measure.Choices measure, List<JsonNode> lines) {
        List<ChoiceItem> items = measure.task().items();
        requireSame(items.size(), lines.size());
        List<ChoiceResult> questions = new ArrayList<>();
        for (int q = 0; q < items.size(); q++) {
            JsonNode responses = lines.get(q).required("resps");
            requireSame(items.get(q).choices().size(), responses.size());
            questions.add(new ChoiceResult(items.get(q), responses.valueStream()
                    .map(pair -> new TokenScore(pair.required(0).asDouble(), pair.required(1).asBoolean())).toList()));
        }
        return new Measurement.Choices(measure.language(), measure.name(), measure.about(), questions);
    }

    private static void requireSame(int expected, int found) {
        if (expected != found)
            throw new IllegalArgumentException(found + " where " + expected + " were measured");
    }
}
