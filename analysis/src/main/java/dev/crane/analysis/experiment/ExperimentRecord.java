package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.faithfulness.FaithfulnessFiles;
import dev.crane.analysis.harness.TaskFiles;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

/**
 * {@code experiment.json}: what a folder's results are results of — versions, settings, and the hash of every file that went in. Nothing in it depends on when or
 * how fast the experiment ran; that is in {@code timings.json}.
 */
final class ExperimentRecord {
    static final String FILE = "experiment.json";
    private static final String FORMAT = "crane/run@1";
    private static final JsonMapper JSON = JsonMapper.shared();

    private ExperimentRecord() {
    }

    /**
     * What of a model goes into the record.
     *
     * @param maxPositions the most tokens it can read
     */
    record Model(ModelIdentity identity, int maxPositions) {
        static Model of(CausalLanguageModel model) {
            return new Model(ModelIdentity.of(model), model.spec().maxPositions());
        }
    }

    static ObjectNode of(ExperimentFile experiment, Map<String, Model> loaded) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT).put("title", title(experiment))
                .put("crane_version", CraneVersion.get())
                .put("backend", loaded.values().iterator().next().identity().backend());
        ObjectNode models = root.putObject("models");
        loaded.forEach((name, model) -> models.putObject(name).put("folder", model.identity().name()).put("hash", model.identity().hash())
                .put("tokenizer_hash", model.identity().tokenizerHash()));
        int maxPositions = loaded.values().stream().mapToInt(Model::maxPositions).max().orElseThrow();
        ObjectNode languages = root.putObject("languages");
        for (ExperimentFile.Language language : experiment.languages()) {
            ObjectNode node = languages.putObject(language.name());
            file(node.putObject("identify"), language.identify());
            if (language.heldout() != null)
                file(node.putObject("heldout"), language.heldout());
            for (Path task : language.tasks())
                file(node.withObject("tasks").putObject(task.getFileName().toString()), TaskFiles.file(task));
        }
        scores(root.putObject("scores"), experiment.scores());
        ObjectNode methods = root.putObject("methods");
        for (MethodEntry entry : experiment.methods())
            method(methods.putObject(entry.label()), entry, experiment.scores());
        ObjectNode evaluation = root.putObject("evaluate");
        ExperimentFile.Evaluation limits = experiment.evaluation();
        evaluation.put("documents", limits.documents().isPresent() ? Integer.toString(limits.documents().getAsInt()) : "all");
        evaluation.put("max_tokens", Math.min(limits.maxTokens().orElse(Integer.MAX_VALUE), maxPositions));
        int items = limits.tasks().items();
        evaluation.put("items", items == Integer.MAX_VALUE ? "all" : Integer.toString(items));
        limits.tasks().shots().ifPresent(shots -> evaluation.put("num_fewshot", shots));
        if (limits.tasks().seed() != TaskOptions.SEED)
            evaluation.put("fewshot_seed", limits.tasks().seed());
        LangSpecF1.Options f1 = experiment.langSpecF1();
        root.putObject("metrics").putObject("langspec_f1").put("other", f1.others().label()).put("beta", f1.beta())
                .put("compat", f1.authorsWeighting());
        experiment.faithfulness().ifPresent(plan -> {
            ObjectNode node = root.putObject("faithfulness");
            units(node, new TreeSet<>(plan.units()));
            FaithfulnessFiles.settings(node, plan.settings());
        });
        return root;
    }

    private static String title(ExperimentFile experiment) {
        return String.join(", ", experiment.models().keySet()) + ": "
                + String.join(", ", experiment.languages().stream().map(ExperimentFile.Language::name).toList());
    }

    private static void file(ObjectNode node, Path file) {
        node.put("file", file.getFileName().toString()).put("sha256", Fingerprint.of(file));
    }

    private static void scores(ObjectNode node, ScoreSettings scores) {
        quantity(node, scores.quantity());
        units(node, scores.units());
        node.put("samples", scores.samples());
        node.put("max_tokens", scores.maxTokens() == Integer.MAX_VALUE ? "all" : Integer.toString(scores.maxTokens()));
        node.put("seed", scores.seed());
        node.put("ledger", scores.ledger());
    }

    private static void quantity(ObjectNode node, Quantity quantity) {
        quantity.provenance().forEach(node::put);
    }

    private static void units(ObjectNode node, Iterable<Site> units) {
        var array = node.putArray("units");
        for (Site site : units)
            array.add(site.label());
    }

    private static void method(ObjectNode node, MethodEntry entry, ScoreSettings scores) {
        switch (entry) {
            case MethodEntry.ByScores byScores -> {
                node.put("method", byScores.method().name());
                byScores.method().settings().forEach(node::put);
                byScores.matchBudget().ifPresent(other -> node.put("match_budget", other));
                if (!byScores.quantity().equals(scores.quantity()))
                    quantity(node, byScores.quantity());
                units(node, new TreeSet<>(byScores.units()));
            }
            case MethodEntry.Random random -> {
                node.put("method", "random").put("match", random.like()).put("uniform", random.uniform());
                var seeds = node.putArray("seeds");
                for (long seed : random.seeds())
                    seeds.add(seed);
            }
        }
        node.put("intervention", entry.treatment().describe());
    }

    /**
     * Writes the record to a folder, which must be empty, or hold results of the same model and languages.
     *
     * @throws CraneException it holds something else
     */
    static void claim(OutputFolder folder, ObjectNode record) {
        Path file = folder.path().resolve(FILE);
        if (Files.exists(file)) {
            JsonNode before = read(file);
            if (!identity(before).equals(identity(record)))
                throw new CraneException(
                        folder.path() + ": holds the results of another experiment (" + before.path("title").asString("unknown")
                                + "); give another --out");
        } else if (folder.isUsed()) {
            throw new CraneException(folder.path() + ": is not empty and holds no experiment's results; give another --out");
        }
        String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(record).replace("\r\n", "\n") + "\n";
        AtomicFile.writeString(file, text);
    }

    /** What stays the same when an experiment is refined and run again: models and languages. */
    private static List<Object> identity(JsonNode record) {
        return List.of(record.path("models").properties().stream().map(Map.Entry::getKey).toList(),
                record.path("models").values().stream().map(model -> model.path("hash").asString("")).toList(),
                new TreeSet<>(record.path("languages").propertyNames()));
    }

    private static JsonNode read(Path file) {
        try {
            JsonNode node = JSON.readTree(Files.readString(file));
            if (!node.path("format").asString("").equals(FORMAT))
                throw new CraneException(file + ": is no " + FORMAT + "; give another --out");
            return node;
        } catch (JacksonException e) {
            throw new CraneException(file + ": damaged; give another --out, or remove it", e);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }
}
