package dev.crane.analysis.mask;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.models.json.JsonFile;

/**
 * A mask as it is kept: {@code LANG.mask.json}.
 *
 * <pre>{@code
 * {
 *   "format": "crane/mask@1",
 *   "model": {"name": "babel-base", "hash": "…", "layers": 6, "widths": {"mlp.gate": 512, …}},
 *   "intervention": "zero",      (or what else happens to the units: {"kind": "scale", "factor": 0.5}, …)
 *   "units": {"model.layers.0.mlp.gate_proj": [3, 17], …},
 *   "provenance": {"method": "crane", …}
 * }
 * }</pre>
 *
 * Read strictly: another format, an unknown key, an unknown hook point, a number that is no row, a row or hook point named twice are
 * errors, each with one line. Lenient are only: rows in any order; TransformerLens's names for hook points; {@code model} as a mere
 * name, or as an object without hash, layers or widths; numbers and truth values in the provenance, which are kept as text; no provenance.
 *
 * @param model the model it was found on
 * @param mask the units
 * @param intervention what happens to them
 * @param provenance where it comes from, by name
 */
public record MaskFile(MaskedModel model, UnitMask mask, MaskIntervention intervention, SortedMap<String, String> provenance) {
    /** What {@code format} says. */
    public static final String FORMAT = "crane/mask@1";
    /** Every unit of a model of 10,000 layers of 10,000 units would fit; anything larger is no mask. */
    private static final long LARGEST = 1L << 30;

    private static final JsonMapper JSON = new JsonMapper();

    public MaskFile {
        provenance = Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
    }

    /** A mask whose units are set to zero. */
    public MaskFile(MaskedModel model, UnitMask mask, SortedMap<String, String> provenance) {
        this(model, mask, new MaskIntervention.Zero(), provenance);
    }

    /** What the mask does, for the engine: its intervention on its units. */
    public InterventionSet interventions(String name) {
        return intervention.on(mask, name);
    }

    /**
     * Reads one.
     *
     * @throws CraneException one line that says what is wrong with the file
     */
    public static MaskFile read(Path file) {
        return new Parser(file).parse(JsonFile.read(file, LARGEST));
    }

    /** Writes it; the same mask gives the same bytes. */
    public void write(Path file) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        ObjectNode modelNode = root.putObject("model");
        modelNode.put("name", model.name());
        modelNode.put("hash", model.hash());
        modelNode.put("layers", model.layers());
        ObjectNode widths = modelNode.putObject("widths");
        model.widths().forEach((site, width) -> widths.put(site.label(), width));
        InterventionJson.write(root, intervention, mask);
        ObjectNode units = root.putObject("units");
        mask.units().forEach((point, rows) -> {
            ArrayNode array = units.putArray(point.path());
            for (int row : rows)
                array.add(row);
        });
        ObjectNode origin = root.putObject("provenance");
        provenance.forEach(origin::put);
        AtomicFile.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root).replace("\r\n", "\n") + "\n");
    }

    /**
     * Checks that the mask can be applied to a model: every unit exists there, and it is the model the mask was found on.
     *
     * @param file the mask's file, for messages
     * @param target the model at hand
     * @param spec its layout
     * @param transfer whether the user asked for the mask of another model; its layout must then be the same as far as the mask tells
     * @throws CraneException one line that says what does not fit
     */
    public void check(Path file, MaskedModel target, DecoderSpec spec, boolean transfer) {
        if (!model.isSame(target)) {
            String other = file + " was found on " + described(model) + ", not on " + described(target);
            String difference = model.difference(target).orElse(null);
            if (difference != null)
                throw new CraneException(other + ", and their units differ (" + difference + "): find a mask on this model");
            if (!transfer)
                throw new CraneException(other + ": find one on this model, or say that the transfer is meant (--transfer)");
        }
        for (Map.Entry<HookPoint, int[]> entry : mask.units().entrySet()) {
            HookPoint point = entry.getKey();
            int width = spec.units(point.site());
            int last = entry.getValue()[entry.getValue().length - 1];
            if (point.site() == Site.ATTN_PROBS || width == 0)
                throw new CraneException(file + ": " + described(target) + " has no units at " + point + " that can be masked");
            if (point.layer() >= spec.layers())
                throw new CraneException(
                        file + ": there is no " + point + " in " + described(target) + ", which has " + spec.layers() + " layers");
            if (last >= width) {
                throw new CraneException(
                        file + ": row " + last + " of " + point + " is out of range; " + described(target) + " has rows 0 to "
                                + (width - 1) + " there");
            }
        }
    }

    private static String described(MaskedModel model) {
        String hash = model.hash().length() > 12 ? model.hash().substring(0, 12) + "…" : model.hash();
        if (model.name().isEmpty())
            return hash.isEmpty() ? "an unnamed model" : "the model " + hash;
        return model.name() + (hash.isEmpty() ? "" : " (" + hash + ")");
    }

    /** Turns the tree of one file into a mask, refusing what does not belong. */
    private record Parser(Path file) {
        MaskFile parse(JsonNode root) {
            JsonNode format = root.path("format");
            require(format.isString() && format.stringValue().startsWith("crane/mask@"),
                    "it is no mask: \"format\" must be \"" + FORMAT + "\"");
            require(format.stringValue().equals(FORMAT),
                    "the format " + FileErrors.quote(format.stringValue()) + " is not known; this version reads " + FORMAT);
            knownKeys(root, "", List.of("format", "model", "intervention", "units", "provenance"));
            require(root.has("model"), "\"model\" is missing: the name of the model, or an object with its name and hash");
            require(root.path("units").isObject(), "\"units\" must be an object of hook points and their rows");
            Map<HookPoint, int[]> rows = units(root.path("units"));
            return new MaskFile(model(root.path("model")), UnitMask.of(rows),
                    InterventionJson.read(root.path("intervention"), rows, this::error), provenance(root.path("provenance")));
        }

        private MaskedModel model(JsonNode node) {
            if (node.isString())
                return new MaskedModel(node.stringValue(), "", 0, new TreeMap<>());
            require(node.isObject(), "\"model\" must be a name, or an object with \"name\" and \"hash\"");
            knownKeys(node, "model.", List.of("name", "hash", "layers", "widths"));
            SortedMap<Site, Integer> widths = new TreeMap<>();
            if (node.has("widths")) {
                require(node.path("widths").isObject(), "\"model.widths\" must be an object of sites and their units");
                for (Map.Entry<String, JsonNode> entry : node.path("widths").properties()) {
                    Site site = Site.of(entry.getKey())
                            .orElseThrow(() -> error("\"model.widths\" has the unknown site " + FileErrors.quote(entry.getKey())));
                    widths.put(site, number(entry.getValue(), "\"model.widths\""));
                }
            }
            int layers = node.has("layers") ? number(node.path("layers"), "\"model.layers\"") : 0;
            return new MaskedModel(text(node, "name"), text(node, "hash"), layers, widths);
        }

        private String text(JsonNode node, String key) {
            if (!node.has(key))
                return "";
            require(node.path(key).isString(), "\"model." + key + "\" must be text");
            return node.path(key).stringValue();
        }

        /** The rows as they stand there. */
        private Map<HookPoint, int[]> units(JsonNode node) {
            Map<HookPoint, int[]> units = new TreeMap<>();
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                String name = entry.getKey();
                HookPoint point = HookPoint.parse(name).orElseThrow(() -> error("there is no hook point " + FileErrors.quote(name)
                        + "; hook points are named like model.layers.3.mlp.gate_proj (crane inspect --hooks lists them)"));
                require(!units.containsKey(point), point + " is named twice, by different names");
                require(entry.getValue().isArray(), "the rows of " + point + " must be a list of numbers");
                int[] rows = new int[entry.getValue().size()];
                for (int i = 0; i < rows.length; i++)
                    rows[i] = number(entry.getValue().get(i), "the rows of " + point);
                requireDistinct(rows, point);
                units.put(point, rows);
            }
            return units;
        }

        private void requireDistinct(int[] rows, HookPoint point) {
            int[] ascending = Arrays.stream(rows).sorted().toArray();
            for (int i = 1; i < ascending.length; i++)
                if (ascending[i] == ascending[i - 1])
                    throw error("row " + ascending[i] + " of " + point + " is named twice");
        }

        private int number(JsonNode node, String where) {
            if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0)
                throw error(where + " hold " + FileErrors.quote(node.toString()) + ", which is no whole number from 0 up");
            return node.intValue();
        }

        private SortedMap<String, String> provenance(JsonNode node) {
            SortedMap<String, String> provenance = new TreeMap<>();
            require(node.isMissingNode() || node.isObject(), "\"provenance\" must be an object");
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                require(entry.getValue().isValueNode() && !entry.getValue().isNull(), "\"provenance\" must hold text only, under "
                        + FileErrors.quote(entry.getKey()) + " too");
                provenance.put(entry.getKey(), entry.getValue().asString());
            }
            return provenance;
        }

        private void knownKeys(JsonNode node, String prefix, List<String> known) {
            List<String> unknown = new ArrayList<>(node.propertyNames());
            unknown.removeAll(known);
            if (!unknown.isEmpty()) {
                throw error("unknown key " + FileErrors.quote(prefix + unknown.getFirst()) + "; known are " + String.join(", ", known));
            }
        }

        private void require(boolean right, String otherwise) {
            if (!right)
                throw error(otherwise);
        }

        private CraneException error(String message) {
            return new CraneException(file + ": " + message);
        }
    }
}
