package dev.crane.analysis.experiment;

import java.util.List;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.evaluate.Accuracy;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Perplexity;
import dev.crane.analysis.metric.SampleMean;
import dev.crane.engine.CraneVersion;

/**
 * {@code results.json}: measurements in the layout of lm-evaluation-harness. {@code results} holds the unmasked model's metrics, task by task;
 * {@code masks} holds the same of every mask, by its path. A corpus is the task {@code perplexity_LANG}; its perplexity is a token's, its bits a byte's.
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
        for (Measurement measurement : evaluated.getFirst().measurements()) {
            String task = task(measurement);
            versions.put(task, 1);
            shots.put(task, 0);
            if (measurement instanceof Measurement.Choices)
                higher.putObject(task).put("acc", true).put("acc_norm", true);
            else
                higher.putObject(task).put("perplexity", false).put("bits_per_byte", false);
            int count = size(measurement);
            samples.putObject(task).put("original", count).put("effective", count);
        }
        root.putObject("config").put("model", "crane").put("model_args", "pretrained=" + model.name()).put("model_sha", model.hash())
                .put("device", model.backend());
        root.put("crane_version", CraneVersion.get());
        root.put("model_name", model.name());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root).replace("\r\n", "\n") + "\n";
    }

    private static String task(Measurement measurement) {
        return measurement instanceof Measurement.Texts texts ? "perplexity_" + texts.language() : measurement.name();
    }

    private static int size(Measurement measurement) {
        return switch (measurement) {
            case Measurement.Texts texts -> texts.documents().size();
            case Measurement.Choices choices -> choices.questions().size();
        };
    }

    private static ObjectNode results(Evaluated one) {
        ObjectNode results = JSON.createObjectNode();
        for (Measurement measurement : one.measurements()) {
            ObjectNode node = results.putObject(task(measurement)).put("alias", task(measurement)).put("sample_len", size(measurement));
            switch (measurement) {
                case Measurement.Texts texts -> {
                    Perplexity total = texts.total();
                    number(node, "perplexity", total.perplexity());
                    number(node, "nats_per_token", total.natsPerToken());
                    number(node, "bits_per_byte", total.bitsPerByte());
                }
                case Measurement.Choices choices -> {
                    Accuracy total = choices.total();
                    accuracy(node, "acc", total.acc());
                    accuracy(node, "acc_norm", total.accNorm());
                }
            }
        }
        return results;
    }

    private static void accuracy(ObjectNode node, String name, SampleMean mean) {
        number(node, name, mean.mean());
        number(node, name + "_stderr", mean.standardError());
    }

    /** With the harness's filter name, and its "N/A" for what is not defined. */
    private static void number(ObjectNode node, String name, double value) {
        if (Double.isFinite(value))
            node.put(name + ",none", value);
        else
            node.put(name + ",none", "N/A");
    }
}
