package dev.crane.analysis.experiment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.Progress;
import dev.crane.engine.Backends;

/** An experiment of seconds on the demo model, and the means to run it here or in a process that can be killed. */
final class SmallExperiment {
    static final Path MODELS = Path.of("../models").toAbsolutePath().normalize();

    private SmallExperiment() {
    }

    /** Two languages, few samples; a method with scores of its own, and a random control. */
    static String yaml() {
        return """
                format: crane/experiment@1
                models: {base: MODELS/babel-base}
                languages:
                  en: {identify: MODELS/corpora/en.identify.jsonl, heldout: MODELS/corpora/en.heldout.jsonl, tasks: [MODELS/tasks/word_order_en.jsonl]}
                  zh: {identify: MODELS/corpora/zh.identify.jsonl, heldout: MODELS/corpora/zh.heldout.jsonl, tasks: [MODELS/tasks/word_order_zh.jsonl]}
                scores: {units: [mlp.neuron], samples: 6, max-tokens: 64}
                methods:
                  - {name: crane, budget: 150}
                  - {name: crane-kurtosis, z: 1.0, units: [mlp.up], score: row-gradient}
                  - {name: random, match: crane, seeds: 1}
                evaluate: {documents: 2, max-tokens: 48, items: 2}
                backend: cpu
                """
                .replace("MODELS", MODELS.toString());
    }

    static ExperimentFile file(Path folder, String yaml) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), yaml));
    }

    static RunOptions options(int threads, int tokenBudget) {
        return new RunOptions(name -> Backends.create(name, threads), tokenBudget);
    }

    /** Runs an experiment: file, output folder, threads, tokens in a batch. Prints a line for each step. */
    public static void main(String[] args) {
        Experiment.run(ExperimentFile.read(Path.of(args[0])), Path.of(args[1]),
                options(Integer.parseInt(args[2]), Integer.parseInt(args[3])), step -> {
                    System.out.println(step.stage() + " " + step.done());
                    System.out.flush();
                });
    }

    /** Reports every step to a list. */
    static Progress recording(List<String> steps) {
        return step -> steps.add(step.stage() + (step.total() == 0 ? "" : " " + step.done() + "/" + step.total()));
    }

    /** The hash of every file below a folder but those that say how the run went. */
    static SortedMap<String, String> results(Path folder) {
        SortedMap<String, String> results = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : new ArrayList<>(files.filter(Files::isRegularFile).toList())) {
                String name = folder.relativize(file).toString();
                if (!List.of(".lock", "timings.json").contains(name))
                    results.put(name, Fingerprint.of(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return results;
    }
}
