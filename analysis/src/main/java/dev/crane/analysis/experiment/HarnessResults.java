package dev.crane.analysis.experiment;

import java.util.List;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.Perplexity;
import dev.crane.analysis.evaluate.TaskInfo;
import dev.crane.engine.CraneVersion;

/**
 * {@code results.json}: measurements in the layout of lm-evaluation-harness. {@code results} holds the unmasked model's metrics, task by task;
 * {@code masks} holds the same of every mask, by its path. A corpus is the task {@code perplexity_LANG}; its perplexity is a token's, its bits a byte's.
 * A task or group that is measured in several languages under one name is called {@code LANG.NAME} in each.
 */
final class HarnessResults {
    private static final JsonMapper JSON = JsonMapper.shared();

    private HarnessResults() {
    }

    static String of(ModelIdentity model, List<Evaluated> evaluated) {
        ObjectNode root = JSON.createObjectNode();
        root.set("results", results(evaluated.getFirst()));
        ObjectNode masks = root.putObject("masks");
        for (Evaluated one : evaluated.subList(1, evaluated.size()))
            masks.putObject(one.key().path()).put("units", one.units()).set("results", results(one));
        ObjectNode versions = root.putObject("versions");
        ObjectNode shots = root.putObject("n-shot");
        ObjectNode higher = root.putObject("higher_is_better");
        ObjectNode samples = root.putObject("n-samples");
        TaskNames names = new TaskNames(evaluated.getFirst());
        for (Measurement measurement : evaluated.getFirst().measurements()) {
            String task = names.of(measurement);
            TaskInfo about = measurement.about();
            version(versions, task, about.version(), "Yaml");
            shots.put(task, about.shots());
            ObjectNode better = higher.putObject(task);
            about.metrics().forEach(metric -> better.put(metric.label(), metric.higherIsBetter()));
            samples.putObject(task).put("original", about.available()).put("effective", size(measurement));
        }
        GroupScores groups = new GroupScores(evaluated.getFirst());
        if (!groups.isEmpty()) {
            groups.forEach((name, group, tasks) -> version(versions, name, group.version(), "N/A"));
            root.set("groups", groups.results(results(evaluated.getFirst())));
            ObjectNode subtasks = root.putObject("group_subtasks");
            groups.forEach((name, group, tasks) -> {
                ArrayNode members = subtasks.putArray(name);
                tasks.forEach(members::add);
            });
        }
        root.putObject("config").put("model", "crane").put("model_args", "pretrained=" + model.name()).put("model_sha", model.hash())
                .put("device", model.backend());
        root.put("crane_version", CraneVersion.get());
        root.put("model_name", model.name());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root).replace("\r\n", "\n") + "\n";
    }

    /** As a number where it is one, as it stands in a task file. */
    private static void version(ObjectNode versions, String task, String version, String absent) {
        try {
            if (version.contains("."))
                versions.put(task, Double.parseDouble(version));
            else
                versions.put(task, Long.parseLong(version));
        } catch (NumberFormatException e) {
            versions.put(task, version.isEmpty() ? absent : version);
        }
    }

    static int size(Measurement measurement) {
        return switch (measurement) {
            case Measurement.Texts texts -> texts.documents().size();
            case Measurement.Choices choices -> choices.questions().size();
            case Measurement.Scored scored -> scored.items().size();
        };
    }

    private static ObjectNode results(Evaluated one) {
        ObjectNode results = JSON.createObjectNode();
        TaskNames names = new TaskNames(one);
        for (Measurement measurement : one.measurements()) {
            ObjectNode node = results.putObject(names.of(measurement)).put("alias", measurement.about().alias()).put("sample_len",
                    size(measurement));
            switch (measurement) {
                case Measurement.Texts texts -> {
                    Perplexity total = texts.total();
                    number(node, "perplexity", total.perplexity());
                    number(node, "nats_per_token", total.natsPerToken());
                    number(node, "bits_per_byte", total.bitsPerByte());
                }
                case Measurement.Choices choices -> task(node, choices);
                case Measurement.Scored scored -> task(node, scored);
            }
        }
        new GroupScores(one).results(results).properties().forEach(group -> results.set(group.getKey(), group.getValue()));
        return results;
    }

    private static void task(ObjectNode node, Measurement measurement) {
        for (Metric metric : measurement.about().metrics()) {
            List<Metric.Value> values = ResultTables.values(measurement, metric);
            number(node, metric.label(), metric.total(values));
            number(node, metric.label() + "_stderr", metric.standardError(values));
        }
    }

    /** With the harness's filter name, and its "N/A" for what is not defined. */
    static void number(ObjectNode node, String name, double value) {
        if (Double.isFinite(value))
            node.put(name + ",none", value);
        else
            node.put(name + ",none", "N/A");
    }
}
