package dev.crane.analysis.collect;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.ConservationLedger.Entry;
import dev.crane.engine.relevance.ConservationLedger.Loss;
import dev.crane.models.json.JsonFile;

/**
 * A conservation ledger as it is kept: {@code LANG.ledger.json}, and what commands print with {@code --json}.
 *
 * @param format {@link #FORMAT}
 * @param rule the rule's name
 * @param target the target's value
 * @param arrived relevance at the embedding
 * @param error the largest of the stages' errors
 * @param stages from the head to the front
 */
public record LedgerFile(String format, String rule, double target, double arrived, double error, List<Stage> stages) {
    /** The version of the format. */
    public static final String FORMAT = "crane/ledger@1";
    private static final long LARGEST = 1L << 24;
    private static final JsonMapper JSON = JsonMapper.shared();

    /**
     * A stage.
     *
     * @param stage its name: {@code head}, {@code layer 3}
     * @param in what comes in
     * @param out what goes on
     * @param losses what is lost, by name
     * @param remainder what no loss explains
     * @param error its size, relative to what goes through; NaN in a file of an earlier version
     */
    public record Stage(String stage, double in, double out, Map<String, Double> losses, double remainder, double error) {}

    /** A ledger as a file has it. */
    public static LedgerFile of(ConservationLedger ledger) {
        return new LedgerFile(FORMAT, ledger.rule(), ledger.target(), ledger.arrived(), ledger.error(),
                ledger.entries().stream().map(entry -> new Stage(entry.stage(), entry.in(), entry.out(), labelled(entry), entry.remainder(),
                        entry.error())).toList());
    }

    private static Map<String, Double> labelled(Entry entry) {
        Map<String, Double> losses = new LinkedHashMap<>();
        for (Loss loss : Loss.values())
            if (entry.losses().containsKey(loss))
                losses.put(loss.label(), entry.losses().get(loss));
        return losses;
    }

    /** Where the ledger of a language is. */
    public static Path in(Path folder, String language) {
        return folder.resolve(language + ".ledger.json");
    }

    /** All losses, by name, over the stages, in the order of {@link Loss}. */
    public Map<String, Double> losses() {
        Map<String, Double> sums = new LinkedHashMap<>();
        for (Loss loss : Loss.values())
            for (Stage stage : stages)
                if (stage.losses.containsKey(loss.label()))
                    sums.merge(loss.label(), stage.losses.get(loss.label()), Double::sum);
        return sums;
    }

    /** Writes it. */
    public void write(Path file) {
        AtomicFile.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this).replace("\r\n", "\n") + "\n");
    }

    /**
     * Reads one.
     *
     * @throws CraneException it cannot be read, or is none
     */
    public static LedgerFile read(Path file) {
        JsonNode root = JsonFile.read(file, LARGEST);
        if (!root.path("format").asString("").equals(FORMAT) || !root.path("stages").isArray() || root.path("stages").isEmpty())
            throw new CraneException(file + ": is no " + FORMAT + "; make it again");
        List<Stage> stages = new ArrayList<>();
        for (JsonNode stage : root.path("stages")) {
            Map<String, Double> losses = new LinkedHashMap<>();
            stage.path("losses").properties().forEach(loss -> losses.put(loss.getKey(), number(loss.getValue())));
            stages.add(new Stage(stage.path("stage").asString(""), number(stage.path("in")), number(stage.path("out")), losses,
                    number(stage.path("remainder")), number(stage.path("error"))));
        }
        return new LedgerFile(FORMAT, root.path("rule").asString(""), number(root.path("target")), number(root.path("arrived")),
                number(root.path("error")), stages);
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.doubleValue() : Double.NaN;
    }
}
