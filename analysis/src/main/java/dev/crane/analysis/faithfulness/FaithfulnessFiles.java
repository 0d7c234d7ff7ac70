package dev.crane.analysis.faithfulness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.faithfulness.LanguageFaithfulness.Agreement;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.Area;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.UnitEffect;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.table.Csv;
import dev.crane.analysis.table.CsvRows;
import dev.crane.analysis.table.Row;
import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.models.json.JsonFile;

/**
 * The results as they are kept: {@code faithfulness.json}, the summary; {@code faithfulness.csv}, every point of every curve
 * ({@code model,language,curve,order,seed,fraction,units,nats}); {@code faithfulness-units.csv}, every unit that was zeroed alone
 * ({@code model,language,point,unit,prediction,predicted,measured}).
 */
public final class FaithfulnessFiles {
    /** The version of the summary's format. */
    public static final String FORMAT = "crane/faithfulness@1";
    /** The summary's name. */
    public static final String SUMMARY = "faithfulness.json";
    private static final String CURVES = "faithfulness.csv";
    private static final String UNITS = "faithfulness-units.csv";
    /** The tables' names. */
    public static final List<String> TABLES = List.of(CURVES, UNITS);
    private static final long LARGEST = 1L << 28;
    private static final JsonMapper JSON = JsonMapper.shared();

    private FaithfulnessFiles() {
    }

    /**
     * Writes them.
     *
     * @return the files
     */
    public static List<Path> write(Path folder, FaithfulnessSettings settings, List<LanguageFaithfulness> results) {
        Csv curves = new Csv("model", "language", "curve", "order", "seed", "fraction", "units", "nats");
        Csv units = new Csv("model", "language", "point", "unit", "prediction", "predicted", "measured");
        for (LanguageFaithfulness one : results) {
            for (OrderCurve curve : one.curves())
                for (boolean inserted : new boolean[]{false, true})
                    for (int k = 0; k < curve.units().length; k++)
                        curves.row(one.model(), one.language(), inserted ? "insertion" : "deletion", curve.order(), curve.seed(),
                                (double) curve.units()[k] / one.pool(), curve.units()[k], curve.values(inserted)[k]);
            for (UnitEffect effect : one.effects())
                for (int p = 0; p < one.agreements().size(); p++)
                    units.row(one.model(), one.language(), effect.point().path(), effect.unit(), one.agreements().get(p).prediction(),
                            effect.predicted().get(p), effect.measured());
        }
        AtomicFile.writeString(folder.resolve(CURVES), curves.toString());
        AtomicFile.writeString(folder.resolve(UNITS), units.toString());
        AtomicFile.writeString(folder.resolve(SUMMARY), summary(settings, results));
        return List.of(folder.resolve(CURVES), folder.resolve(UNITS), folder.resolve(SUMMARY));
    }

    private static String summary(FaithfulnessSettings settings, List<LanguageFaithfulness> results) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT).put("crane_version", CraneVersion.get());
        settings(root.putObject("settings"), settings);
        ArrayNode languages = root.putArray("languages");
        for (LanguageFaithfulness one : results) {
            ObjectNode node = languages.addObject().put("model", one.model()).put("language", one.language()).put("units", one.pool())
                    .put("tokens", one.tokens()).put("unmasked", one.unmasked()).put("ablated", one.ablated());
            ArrayNode areas = node.putArray("areas");
            for (Area area : one.areas()) {
                ObjectNode of = areas.addObject().put("order", area.order());
                number(of, "deletion", area.deletion());
                number(of, "insertion", area.insertion());
                number(of, "deletion_sd", area.deletionSd());
                number(of, "insertion_sd", area.insertionSd());
            }
            ArrayNode agreements = node.putArray("agreements");
            for (Agreement agreement : one.agreements()) {
                ObjectNode of = agreements.addObject().put("prediction", agreement.prediction()).put("units", one.effects().size());
                estimate(of.putObject("pearson"), agreement.pearson());
                estimate(of.putObject("spearman"), agreement.spearman());
            }
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root).replace("\r\n", "\n") + "\n";
    }

    /** What was measured, for this summary and for an experiment's record. */
    public static void settings(ObjectNode node, FaithfulnessSettings settings) {
        ArrayNode fractions = node.putArray("fractions");
        settings.fractions().forEach(fractions::add);
        node.put("sampled", settings.sampled()).put("documents", settings.documents())
                .put("max_tokens", settings.maxTokens() == Integer.MAX_VALUE ? "all" : Integer.toString(settings.maxTokens()))
                .put("seeds", settings.randomOrders()).put("seed", settings.seed());
    }

    /** What is not defined is left out. */
    private static void number(ObjectNode node, String key, double value) {
        if (!Double.isNaN(value))
            node.put(key, value);
    }

    private static void estimate(ObjectNode node, PairedBootstrap.Estimate estimate) {
        number(node, "value", estimate.value());
        number(node, "low", estimate.low());
        number(node, "high", estimate.high());
    }

    // ---- reading ----

    /** The results in a folder; none where there are none. */
    public static List<LanguageFaithfulness> read(Path folder) {
        Path file = folder.resolve(SUMMARY);
        if (!Files.isRegularFile(file))
            return List.of();
        JsonNode root = JsonFile.read(file, LARGEST);
        if (!root.path("format").asString("").equals(FORMAT))
            throw new CraneException(file + ": is not of the format " + FORMAT + "; measure it again, or remove it");
        List<Row> curves = rows(folder.resolve(CURVES));
        List<Row> units = rows(folder.resolve(UNITS));
        List<LanguageFaithfulness> results = new ArrayList<>();
        for (JsonNode node : root.path("languages")) {
            String model = node.path("model").asString("");
            String language = node.path("language").asString("");
            List<Area> areas = node.path("areas").values().stream()
                    .map(of -> new Area(of.path("order").asString(""), of.path("deletion").asDouble(Double.NaN),
                            of.path("insertion").asDouble(Double.NaN), of.path("deletion_sd").asDouble(Double.NaN),
                            of.path("insertion_sd").asDouble(Double.NaN)))
                    .toList();
            List<Agreement> agreements = node.path("agreements").values().stream().map(
                    of -> new Agreement(of.path("prediction").asString(""), estimate(of.path("pearson")), estimate(of.path("spearman"))))
                    .toList();
            results.add(new LanguageFaithfulness(model, language, node.path("units").asInt(0), node.path("tokens").asInt(0),
                    node.path("unmasked").asDouble(Double.NaN), node.path("ablated").asDouble(Double.NaN),
                    curves(folder.resolve(CURVES), of(curves, model, language)), areas,
                    effects(folder.resolve(UNITS), of(units, model, language)),
                    agreements));
        }
        return results;
    }

    private static PairedBootstrap.Estimate estimate(JsonNode node) {
        return new PairedBootstrap.Estimate(node.path("value").asDouble(Double.NaN), node.path("low").asDouble(Double.NaN),
                node.path("high").asDouble(Double.NaN), Double.NaN);
    }

    private static List<Row> rows(Path file) {
        try {
            return CsvRows.read(file, Files.readString(file), new CsvRows.Layout(',', null, true, true));
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private static List<Row> of(List<Row> rows, String model, String language) {
        return rows.stream().filter(row -> model.equals(row.values().get("model")) && language.equals(row.values().get("language")))
                .toList();
    }

    private static List<OrderCurve> curves(Path file, List<Row> rows) {
        SequencedMap<List<String>, Map<Boolean, List<Row>>> byOrder = new LinkedHashMap<>();
        for (Row row : rows)
            byOrder.computeIfAbsent(List.of(text(file, row, "order"), text(file, row, "seed")), order -> new LinkedHashMap<>())
                    .computeIfAbsent(text(file, row, "curve").equals("insertion"), curve -> new ArrayList<>()).add(row);
        List<OrderCurve> curves = new ArrayList<>();
        byOrder.forEach((order, both) -> {
            List<Row> deletion = both.getOrDefault(false, List.of());
            List<Row> insertion = both.getOrDefault(true, List.of());
            if (deletion.size() != insertion.size())
                throw new CraneException(file + ": " + order + " has " + deletion.size() + " points of deletion and " + insertion.size()
                        + " of insertion; measure it again");
            curves.add(new OrderCurve(order.getFirst(), order.getLast(),
                    Arrays.stream(numbers(file, deletion, "units")).mapToInt(k -> (int) k).toArray(),
                    numbers(file, deletion, "nats"), numbers(file, insertion, "nats")));
        });
        return curves;
    }

    private static List<UnitEffect> effects(Path file, List<Row> rows) {
        SequencedMap<List<String>, List<Row>> byUnit = new LinkedHashMap<>();
        for (Row row : rows)
            byUnit.computeIfAbsent(List.of(text(file, row, "point"), text(file, row, "unit")), unit -> new ArrayList<>()).add(row);
        List<UnitEffect> effects = new ArrayList<>();
        byUnit.forEach((unit, of) -> {
            Optional<HookPoint> point = HookPoint.parse(unit.getFirst());
            if (point.isEmpty() || !unit.getLast().matches("\\d{1,9}"))
                throw new CraneException(file + ": '" + String.join(" ", unit) + "' is no unit; measure it again");
            effects.add(new UnitEffect(point.get(), Integer.parseInt(unit.getLast()), numbers(file, of, "measured")[0],
                    Arrays.stream(numbers(file, of, "predicted")).boxed().toList()));
        });
        return effects;
    }

    private static String text(Path file, Row row, String column) {
        if (row.values().get(column) instanceof String text)
            return text;
        throw new CraneException(file + ": there is no column '" + column + "'; measure it again");
    }

    private static double[] numbers(Path file, List<Row> rows, String column) {
        return rows.stream().mapToDouble(row -> {
            String text = text(file, row, column);
            try {
                return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
            } catch (NumberFormatException e) {
                throw new CraneException(file + ": '" + text + "' in the column '" + column + "' is no number; measure it again", e);
            }
        }).toArray();
    }
}
