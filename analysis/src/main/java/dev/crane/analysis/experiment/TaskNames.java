package dev.crane.analysis.experiment;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.TaskGroup;

/**
 * What {@code results.json} calls tasks and groups: by their names, with the language in front ({@code LANG.NAME}) where one name is measured in several
 * languages. A corpus is {@code perplexity_LANG}.
 */
final class TaskNames {
    private final Map<String, Set<String>> languages = new HashMap<>();

    TaskNames(Evaluated evaluated) {
        for (Measurement measurement : evaluated.measurements())
            if (!(measurement instanceof Measurement.Texts)) {
                add(measurement.name(), measurement.language());
                for (TaskGroup group : measurement.about().groups())
                    add(group.name(), measurement.language());
            }
    }

    private void add(String name, String language) {
        languages.computeIfAbsent(name, n -> new HashSet<>()).add(language);
    }

    String of(Measurement measurement) {
        return measurement instanceof Measurement.Texts texts
                ? "perplexity_" + texts.language()
                : name(measurement.language(), measurement.name());
    }

    String of(String language, TaskGroup group) {
        return name(language, group.name());
    }

    private String name(String language, String name) {
        return languages.get(name).size() > 1 ? language + "." + name : name;
    }
}
