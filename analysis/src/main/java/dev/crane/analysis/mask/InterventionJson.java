package dev.crane.analysis.mask;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;

/**
 * How a mask file says what happens to its units: {@code "zero"}, {@code {"kind": "constant", "value": 0.5}}, {@code {"kind": "scale", "factor": 0.5}},
 * {@code {"kind": "add", "value": 1}}; where each unit has a value of its own {@code {"kind": "constant", "from": "mean of others", "values": {…}}}, with the
 * hook points of {@code units} and values in the order of the rows there.
 */
final class InterventionJson {
    private static final String FORMS = "\"intervention\" must be \"zero\", or an object with the \"kind\" constant, scale or add";

    private InterventionJson() {
    }

    static void write(ObjectNode root, MaskIntervention intervention, UnitMask mask) {
        switch (intervention) {
            case MaskIntervention.Zero zero -> root.put("intervention", "zero");
            case MaskIntervention.Constant constant ->
                write(root.putObject("intervention").put("kind", "constant"), constant.values(), mask);
            case MaskIntervention.Scale scale -> root.putObject("intervention").put("kind", "scale").put("factor", scale.factor());
            case MaskIntervention.Add add -> write(root.putObject("intervention").put("kind", "add"), add.values(), mask);
        }
    }

    private static void write(ObjectNode node, UnitValues values, UnitMask mask) {
        if (values.isSame()) {
            node.put("value", values.value());
            return;
        }
        ObjectNode points = node.put("from", values.origin()).putObject("values");
        mask.counts().forEach((point, count) -> {
            ArrayNode array = points.putArray(point.path());
            for (float value : values.at(point, count))
                array.add(value);
        });
    }

    /**
     * Reads it.
     *
     * @param rows of each hook point as they stand in the file
     * @param error makes the error that a message is thrown as
     */
    static MaskIntervention read(JsonNode node, Map<HookPoint, int[]> rows, Function<String, CraneException> error) {
        if (node.isString() && node.stringValue().equals("zero"))
            return new MaskIntervention.Zero();
        String kind = node.path("kind").isString() ? node.path("kind").stringValue() : "";
        return switch (kind) {
            case "zero" -> {
                known(node, error, "kind");
                yield new MaskIntervention.Zero();
            }
            case "scale" -> {
                known(node, error, "kind", "factor");
                yield new MaskIntervention.Scale(number(node.path("factor"), "\"intervention.factor\"", error));
            }
            case "constant" -> new MaskIntervention.Constant(values(node, rows, error));
            case "add" -> new MaskIntervention.Add(values(node, rows, error));
            default -> throw error.apply(FORMS);
        };
    }

    private static UnitValues values(JsonNode node, Map<HookPoint, int[]> rows, Function<String, CraneException> error) {
        if (node.has("value")) {
            known(node, error, "kind", "value");
            return UnitValues.same(number(node.path("value"), "\"intervention.value\"", error));
        }
        known(node, error, "kind", "from", "values");
        if (!node.path("values").isObject())
            throw error
                    .apply("\"intervention\" lacks \"value\", a number, or \"values\", an object of hook points and a number for each row");
        SortedMap<HookPoint, float[]> values = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : node.path("values").properties()) {
            HookPoint point = HookPoint.parse(entry.getKey()).filter(rows::containsKey)
                    .orElseThrow(() -> error.apply("\"intervention.values\" names " + FileErrors.quote(entry.getKey())
                            + ", which \"units\" does not"));
            values.put(point, inOrder(entry.getValue(), point, rows.get(point), error));
        }
        rows.forEach((point, here) -> {
            if (here.length > 0 && !values.containsKey(point))
                throw error.apply("\"intervention.values\" has none for " + point);
        });
        return UnitValues.each(node.path("from").asString("values of their own"), values);
    }

    /** The values of a hook point's rows, in ascending order of the rows. */
    private static float[] inOrder(JsonNode node, HookPoint point, int[] rows, Function<String, CraneException> error) {
        if (!node.isArray() || node.size() != rows.length)
            throw error.apply("\"intervention.values\" must hold " + rows.length + " numbers for " + point + ", one for each of its rows");
        float[] values = new float[rows.length];
        int[] order = IntStream.range(0, rows.length).boxed().sorted((a, b) -> Integer.compare(rows[a], rows[b])).mapToInt(i -> i)
                .toArray();
        for (int i = 0; i < order.length; i++)
            values[i] = number(node.get(order[i]), "\"intervention.values\" of " + point, error);
        return values;
    }

    private static float number(JsonNode node, String where, Function<String, CraneException> error) {
        float value = node.isNumber() ? (float) node.doubleValue() : Float.NaN;
        if (!Float.isFinite(value))
            throw error.apply(
                    where + (node.isMissingNode() ? " is missing" : ": " + FileErrors.quote(node.toString()) + " is no finite number"));
        return value;
    }

    private static void known(JsonNode node, Function<String, CraneException> error, String... keys) {
        for (String name : node.propertyNames())
            if (!List.of(keys).contains(name))
                throw error.apply("unknown key " + FileErrors.quote("intervention." + name) + "; known are " + String.join(", ", keys));
    }
}
