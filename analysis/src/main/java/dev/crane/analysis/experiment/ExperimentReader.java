package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.regex.Pattern;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.evaluate.Condition;
import dev.crane.analysis.faithfulness.FaithfulnessSettings;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlReader;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;

/** Reads an experiment file. */
final class ExperimentReader {
    /** Names become names of files and folders. */
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,63}");
    private static final String NAME_RULE = "must be letters, digits, '.', '_' and '-', at most 64";
    private static final String UNMASKED = Condition.UNMASKED.name();

    private final Path path;
    private final Path folder;

    ExperimentReader(Path path) {
        this.path = path;
        this.folder = path.toAbsolutePath().getParent();
    }

    ExperimentFile read() {
        YamlSection file = YamlSection.of("", YamlReader.read(path),
                List.of("format", "models", "languages", "scores", "methods", "evaluate", "metrics", "faithfulness", "backend"));
        YamlNode format = file.need("format");
        if (!(format instanceof YamlNode.Scalar scalar && scalar.text().equals(ExperimentFile.FORMAT)))
            throw format.place().error("format: expected " + ExperimentFile.FORMAT + ", found " + format.kind());
        SequencedMap<String, Path> models = new LinkedHashMap<>();
        YamlSection names = YamlSection.free("models", file.need("models"));
        for (YamlNode.Entry entry : names.entries())
            models.put(name("models", entry), file(names, entry.key()));
        if (models.isEmpty())
            throw names.place().error("models: name at least one, such as {base: my-model-folder}");
        List<ExperimentFile.Language> languages = languages(YamlSection.free("languages", file.need("languages")));
        ScoreSettings scores = file.find("scores").map(this::scores).orElseGet(this::defaultScores);
        List<MethodEntry> methods = methods(file, scores);
        return new ExperimentFile(path, models, languages, scores, methods, evaluation(file), langSpecF1(file),
                faithfulness(file, scores, languages),
                file.text("backend").orElse("auto"));
    }

    private List<ExperimentFile.Language> languages(YamlSection section) {
        List<ExperimentFile.Language> languages = new ArrayList<>();
        for (YamlNode.Entry entry : section.entries()) {
            String name = name("languages", entry);
            YamlSection language = YamlSection.of("languages." + name, entry.value(), List.of("identify", "heldout", "tasks"));
            language.need("identify");
            List<Path> tasks = language.texts("tasks").stream().map(task -> folder.resolve(task.text()).normalize()).toList();
            languages.add(new ExperimentFile.Language(name, file(language, "identify"),
                    language.find("heldout").isPresent() ? file(language, "heldout") : null, tasks));
        }
        if (languages.isEmpty())
            throw section.place().error("languages: name at least one");
        return languages;
    }

    private ScoreSettings defaultScores() {
        return new ScoreSettings(Quantity.Relevance.CRANE, EnumSet.copyOf(ScoreSettings.UNITS), ScoreSettings.SAMPLES, Integer.MAX_VALUE,
                ScoreSettings.SEED, ScoreSettings.LEDGER);
    }

    private ScoreSettings scores(YamlNode node) {
        YamlSection section = YamlSection.of("scores", node,
                List.of("rule", "target", "score", "units", "samples", "max-tokens", "seed", "ledger"));
        return new ScoreSettings(MethodReader.relevance(section, Quantity.Relevance.CRANE),
                MethodReader.units(section, ScoreSettings.UNITS),
                whole(section, "samples", 1).orElse(ScoreSettings.SAMPLES), whole(section, "max-tokens", 2).orElse(Integer.MAX_VALUE),
                section.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(ScoreSettings.SEED),
                whole(section, "ledger", 0).orElse(ScoreSettings.LEDGER));
    }

    private List<MethodEntry> methods(YamlSection file, ScoreSettings scores) {
        List<MethodEntry> methods = new ArrayList<>();
        file.need("methods");
        for (YamlNode node : file.items("methods")) {
            MethodEntry entry = MethodReader.read(node, scores, methods);
            if (entry.label().equals(UNMASKED))
                throw node.place().error("methods: '" + UNMASKED + "' is what the unmasked model is called; give another label");
            if (!NAME.matcher(entry.label()).matches())
                throw node.place().error("methods: the label '" + entry.label() + "' " + NAME_RULE);
            if (methods.stream().anyMatch(other -> other.label().equals(entry.label())))
                throw node.place().error("methods: '" + entry.label() + "' stands twice; tell them apart, such as {name: …, label: "
                        + entry.label() + "-2}");
            methods.add(entry);
        }
        return methods;
    }

    private ExperimentFile.Evaluation evaluation(YamlSection file) {
        if (file.find("evaluate").isEmpty())
            return new ExperimentFile.Evaluation(OptionalInt.empty(), OptionalInt.empty(), TaskOptions.DEFAULT);
        YamlSection section = YamlSection.of("evaluate", file.need("evaluate"),
                List.of("documents", "max-tokens", "items", "data", "num-fewshot", "fewshot-seed"));
        return new ExperimentFile.Evaluation(whole(section, "documents", 1), whole(section, "max-tokens", 2),
                new TaskOptions(section.find("data").isPresent() ? file(section, "data") : null,
                        whole(section, "items", 1).orElse(Integer.MAX_VALUE),
                        whole(section, "num-fewshot", 0), section.whole("fewshot-seed", 0, Long.MAX_VALUE).orElse(TaskOptions.SEED)));
    }

    private static LangSpecF1.Options langSpecF1(YamlSection file) {
        LangSpecF1.Options otherwise = LangSpecF1.Options.DEFAULT;
        if (file.find("metrics").isEmpty())
            return otherwise;
        YamlSection metrics = YamlSection.of("metrics", file.need("metrics"), List.of("langspec-f1"));
        if (metrics.find("langspec-f1").isEmpty())
            return otherwise;
        YamlSection section = YamlSection.of("metrics.langspec-f1", metrics.need("langspec-f1"), List.of("other", "beta", "compat"));
        double beta = section.number("beta").orElse(otherwise.beta());
        if (beta <= 0)
            throw section.need("beta").place().error("beta: expected a number above 0, found " + section.need("beta").kind());
        return new LangSpecF1.Options(section.value("other", LangSpecF1.Others::named).orElse(otherwise.others()), beta,
                section.value("compat", text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new CraneException("compat: expected true or false, found '" + text + "'");
                }).orElse(otherwise.authorsWeighting()));
    }

    private static Optional<ExperimentFile.Faithfulness> faithfulness(YamlSection file, ScoreSettings scores,
            List<ExperimentFile.Language> languages) {
        if (file.find("faithfulness").isEmpty())
            return Optional.empty();
        YamlSection section = YamlSection.of("faithfulness", file.need("faithfulness"),
                List.of("fractions", "units", "sampled", "documents", "max-tokens", "seeds", "seed"));
        if (languages.stream().allMatch(language -> language.heldout() == null))
            throw section.place().error("faithfulness: no language has heldout texts");
        FaithfulnessSettings otherwise = FaithfulnessSettings.DEFAULT;
        List<Double> fractions = section.texts("fractions").stream().map(text -> {
            try {
                return Double.valueOf(text.text());
            } catch (NumberFormatException e) {
                throw text.place().error("fractions: expected a number, found " + text.kind());
            }
        }).toList();
        try {
            FaithfulnessSettings settings = new FaithfulnessSettings(fractions.isEmpty() ? otherwise.fractions() : fractions,
                    whole(section, "sampled", 0).orElse(otherwise.sampled()), whole(section, "documents", 1).orElse(otherwise.documents()),
                    whole(section, "max-tokens", 2).orElse(otherwise.maxTokens()),
                    whole(section, "seeds", 3).orElse(otherwise.randomOrders()),
                    section.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(otherwise.seed()));
            return Optional.of(new ExperimentFile.Faithfulness(MethodReader.units(section, scores.units()), settings));
        } catch (CraneException e) {
            throw e.getMessage().startsWith(section.place().file() + ":") ? e : section.place().error("faithfulness: " + e.getMessage());
        }
    }

    private Path file(YamlSection section, String key) {
        return folder.resolve(section.text(key).orElseThrow(() -> section.place().error(section.name() + " lacks the key '" + key + "'")))
                .normalize();
    }

    private static OptionalInt whole(YamlSection section, String key, int least) {
        return section.whole(key, least, Integer.MAX_VALUE).map(value -> OptionalInt.of(value.intValue())).orElse(OptionalInt.empty());
    }

    private static String name(String of, YamlNode.Entry entry) {
        if (!NAME.matcher(entry.key()).matches())
            throw entry.place().error(of + ": the name '" + entry.key() + "' " + NAME_RULE);
        return entry.key();
    }
}
