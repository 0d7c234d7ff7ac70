package dev.crane.analysis.harness;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dev.crane.analysis.yaml.Nearest;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlReader;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;

/**
 * The keys of a task or group, with those of the files that it includes. Each value keeps its place, and a later value takes the place of an earlier one as a whole.
 */
final class TaskConfig {
    private static final List<String> TASK_KEYS = List.of("task", "task_alias", "tag", "group", "include", "dataset_path", "dataset_name",
            "dataset_kwargs", "training_split", "validation_split", "test_split", "fewshot_split", "doc_to_text", "doc_to_target",
            "doc_to_choice",
            "description", "target_delimiter", "fewshot_delimiter", "fewshot_config", "num_fewshot", "metric_list", "output_type",
            "generation_kwargs", "repeats", "should_decontaminate", "doc_to_decontamination_query", "metadata", "unsafe_code");
    private static final Map<String, String> NOT_READ = Map.of("process_docs",
            "Python is never run; write doc_to_text, doc_to_choice and doc_to_target as templates",
            "process_results", "Python is never run; results are those of the output_type", "custom_dataset",
            "Python is never run; give data files",
            "class", "Python is never run; write the task in YAML", "use_prompt", "Promptsource is not read; write doc_to_text",
            "doc_to_image", "images are not read", "doc_to_audio", "sound is not read", "gen_prefix", "write it at the end of doc_to_text",
            "filter_list", "answers are compared as they are; leave it out");
    /** Keys that a group has for itself; all others go to its tasks. */
    static final List<String> GROUP_KEYS = List.of("group", "group_alias", "task", "aggregate_metric_list", "metadata", "include", "tag");

    private final YamlNode.Place place;
    private final Map<String, YamlNode.Entry> entries;

    private TaskConfig(YamlNode.Place place, Map<String, YamlNode.Entry> entries) {
        this.place = place;
        this.entries = entries;
    }

    /** What a file says, with what it includes. */
    static TaskConfig read(Path file) {
        return of(YamlReader.read(file), new HashSet<>());
    }

    /** What a mapping within a file says, with what it includes. */
    static TaskConfig of(YamlNode.Mapping mapping) {
        return of(mapping, new HashSet<>());
    }

    private static TaskConfig of(YamlNode.Mapping mapping, Set<Path> including) {
        Map<String, YamlNode.Entry> merged = new LinkedHashMap<>();
        Path file = mapping.place().file();
        for (YamlNode.Scalar include : YamlSection.free("", mapping).texts("include")) {
            Path other = sibling(file, include.text());
            if (!including.add(other))
                throw include.place().error("include: " + include.text() + " includes itself");
            merged.putAll(of(YamlReader.read(other), including).entries);
            including.remove(other);
        }
        for (YamlNode.Entry entry : mapping.entries())
            merged.put(entry.key(), entry);
        return new TaskConfig(mapping.place(), merged);
    }

    static Path sibling(Path file, String name) {
        return file.toAbsolutePath().resolveSibling(name).normalize();
    }

    /** These values where this has none, or one that is null. */
    TaskConfig over(TaskConfig base) {
        Map<String, YamlNode.Entry> merged = new LinkedHashMap<>(base.entries);
        merged.putAll(entries);
        return new TaskConfig(place, merged);
    }

    /** Without the keys that a group has for itself. */
    TaskConfig forTasks() {
        Map<String, YamlNode.Entry> rest = new LinkedHashMap<>(entries);
        GROUP_KEYS.forEach(key -> {
            if (!key.equals("metadata"))
                rest.remove(key);
        });
        return new TaskConfig(place, rest);
    }

    YamlNode.Place place() {
        return place;
    }

    /** Whether it is a group's: it has a name as one, and a list of tasks. */
    boolean isGroup() {
        return node("task").filter(YamlNode.Sequence.class::isInstance).isPresent();
    }

    /** Checks that a task has no key that is not read. */
    void checkTask() {
        for (YamlNode.Entry entry : entries.values()) {
            if (entry.value() instanceof YamlNode.Scalar scalar && scalar.type() == YamlNode.Type.NOTHING)
                continue;
            if (NOT_READ.containsKey(entry.key()))
                throw entry.place().error(entry.key() + " is not read: " + NOT_READ.get(entry.key()));
            if (!TASK_KEYS.contains(entry.key()))
                throw entry.place().error("unknown key '" + entry.key() + "'; " + Nearest.hint(entry.key(), TASK_KEYS));
            if (entry.value() instanceof YamlNode.Tagged tagged)
                throw tagged.place().error(entry.key() + ": " + tagged.tag() + " " + tagged.text()
                        + ": Python is never run; write it as a Jinja template");
        }
    }

    /** The value of a key, if it is there and not null. */
    Optional<YamlNode> node(String key) {
        return Optional.ofNullable(entries.get(key)).map(YamlNode.Entry::value)
                .filter(node -> !(node instanceof YamlNode.Scalar scalar && scalar.type() == YamlNode.Type.NOTHING));
    }

    /** The value of a key that must be there. */
    YamlNode need(String key) {
        return node(key).orElseThrow(() -> place.error("the task lacks the key '" + key + "'"));
    }

    /** A text, which may be empty, if it is there. */
    Optional<String> text(String key) {
        return node(key).map(node -> text(key, node));
    }

    static String text(String key, YamlNode node) {
        if (node instanceof YamlNode.Scalar scalar)
            return scalar.text();
        throw node.place().error(key + ": expected a text, found " + node.kind());
    }

    /** A whole number from {@code least}, if it is there. */
    Optional<Integer> whole(String key, int least) {
        return node(key).map(node -> {
            try {
                int value = Integer.parseInt(text(key, node));
                if (value >= least)
                    return value;
            } catch (NumberFormatException e) {
                // falls through to the message
            }
            throw node.place().error(key + ": expected a whole number from " + least + ", found " + node.kind());
        });
    }

    /** What the metadata says of the version, as text; empty if nothing. */
    String version() {
        return node("metadata").filter(YamlNode.Mapping.class::isInstance)
                .flatMap(node -> YamlSection.free("metadata", node).text("version"))
                .orElse("");
    }

    /** The values of a list of texts, or the one text that stands in its place. */
    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        node(key).ifPresent(node -> {
            for (YamlNode item : node instanceof YamlNode.Sequence list ? list.items() : List.of(node))
                texts.add(text(key, item));
        });
        return texts;
    }

    /** A user's error at a key's place. */
    CraneException error(String key, String message) {
        YamlNode.Entry entry = entries.get(key);
        return (entry == null ? place : entry.value().place()).error(key + ": " + message);
    }
}
