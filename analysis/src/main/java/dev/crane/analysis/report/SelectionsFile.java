package dev.crane.analysis.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.report.ReportData.Example;
import dev.crane.analysis.report.ReportData.Histogram;
import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.analysis.report.ReportData.Token;
import dev.crane.analysis.report.ReportData.TopUnit;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.hook.HookPoint;
import dev.crane.models.json.JsonFile;

/** {@code selections.json}: what the report shows of each selection, so that it can be made again from an experiment's folder alone. */
public final class SelectionsFile {
    /** The version of the format. */
    public static final String FORMAT = "crane/selections@1";

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final long LARGEST = 1L << 30;

    private SelectionsFile() {
    }

    /** Writes the selections of an experiment. */
    public static void write(Path file, List<Selection> selections) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
        ArrayNode all = root.putArray("selections");
        for (Selection selection : selections) {
            ObjectNode node = all.addObject().put("model", selection.model()).put("method", selection.method()).put("language",
                    selection.language());
            ObjectNode units = node.putObject("units");
            selection.units().forEach((point, chosen) -> {
                ArrayNode array = units.putArray(point.path());
                for (int unit : chosen)
                    array.add(unit);
            });
            ObjectNode inAll = node.putObject("units_in_all");
            selection.unitsInAll().forEach((point, count) -> inAll.put(point.path(), count));
            if (selection.histogram() != null)
                histogram(node.putObject("histogram"), selection.histogram());
            ArrayNode top = node.putArray("top");
            for (TopUnit unit : selection.top())
                topUnit(top.addObject(), unit);
        }
        AtomicFile.writeString(file, JSON.writeValueAsString(root) + "\n");
    }

    private static void histogram(ObjectNode node, Histogram histogram) {
        node.put("quantity", histogram.quantity()).put("low", histogram.low()).put("high", histogram.high()).put("threshold",
                histogram.threshold());
        ArrayNode counts = node.putArray("counts");
        for (long count : histogram.counts())
            counts.add(count);
    }

    private static void topUnit(ObjectNode node, TopUnit unit) {
        node.put("point", unit.point().path()).put("unit", unit.unit()).put("value", unit.value());
        ArrayNode examples = node.putArray("examples");
        for (Example example : unit.examples()) {
            ObjectNode one = examples.addObject().put("line", example.line()).put("score", example.score()).put("text", example.text());
            if (example.tokens().isEmpty())
                continue;
            ArrayNode tokens = one.putArray("tokens");
            ArrayNode values = one.putArray("values");
            for (Token token : example.tokens()) {
                tokens.add(token.text());
                values.add(token.value());
            }
        }
    }

    /** Reads the selections of an experiment. */
    public static List<Selection> read(Path file) {
        JsonNode root = JsonFile.read(file, LARGEST);
        if (!root.path("format").asString("").equals(FORMAT))
            throw new CraneException(file + ": is not of the format " + FORMAT + "; run the experiment again to make it");
        List<Selection> selections = new ArrayList<>();
        for (JsonNode node : root.path("selections")) {
            SortedMap<HookPoint, int[]> units = new TreeMap<>();
            for (var entry : node.path("units").properties())
                units.put(point(file, entry.getKey()), entry.getValue().values().stream().mapToInt(unit -> unit.asInt(-1)).toArray());
            SortedMap<HookPoint, Integer> inAll = new TreeMap<>();
            for (var entry : node.path("units_in_all").properties())
                inAll.put(point(file, entry.getKey()), entry.getValue().asInt(0));
            List<TopUnit> top = new ArrayList<>();
            for (JsonNode unit : node.path("top")) {
                List<Example> examples = new ArrayList<>();
                for (JsonNode example : unit.path("examples"))
                    examples.add(new Example(example.path("line").asLong(0), example.path("score").asDouble(Double.NaN),
                            example.path("text").asString(""), tokens(example)));
                top.add(new TopUnit(point(file, unit.path("point").asString("")), unit.path("unit").asInt(-1),
                        unit.path("value").asDouble(Double.NaN), examples));
            }
            selections.add(new Selection(node.path("model").asString(""), node.path("method").asString(""),
                    node.path("language").asString(""), units,
                    inAll, node.has("histogram") ? histogram(node.path("histogram")) : null, top));
        }
        return selections;
    }

    private static List<Token> tokens(JsonNode example) {
        List<Token> tokens = new ArrayList<>();
        JsonNode values = example.path("values");
        for (int i = 0; i < example.path("tokens").size(); i++)
            tokens.add(new Token(example.path("tokens").get(i).asString(""), (float) values.path(i).asDouble(0)));
        return tokens;
    }

    private static Histogram histogram(JsonNode node) {
        return new Histogram(node.path("quantity").asString(""), node.path("low").asDouble(0), node.path("high").asDouble(1),
                node.path("counts").values().stream().mapToLong(count -> count.asLong(0)).toArray(), node.path("threshold").asDouble(0));
    }

    private static HookPoint point(Path file, String path) {
        return HookPoint.parse(path)
                .orElseThrow(() -> new CraneException(file + ": '" + path + "' is not a hook point; run the experiment again"));
    }
}
