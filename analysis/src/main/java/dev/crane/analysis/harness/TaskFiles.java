package dev.crane.analysis.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.Task;
import dev.crane.analysis.evaluate.TaskGroup;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * Reads tasks: lm-evaluation-harness's YAML files, of a task or a group of tasks, and plain JSON lines of questions. {@code FILE.yaml#NAME} is the task, group or tag
 * NAME out of a group's file.
 */
public final class TaskFiles {
    private final TaskOptions options;
    private final Map<Path, Map<String, List<Path>>> registries = new HashMap<>();

    private TaskFiles(TaskOptions options) {
        this.options = options;
    }

    /** The file itself, without the name of a part. */
    public static Path file(Path task) {
        return isYaml(task) ? task.resolveSibling(task.getFileName().toString().replaceFirst("#.*", "")) : task;
    }

    private static boolean isYaml(Path task) {
        return task.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.ya?ml(#.*)?");
    }

    /**
     * What a task or group asks to be measured.
     *
     * @param task a {@code .jsonl} file of questions, or a task file
     * @param maxLength the longest input of the model, in tokens
     * @throws CraneException a file cannot be read, or something in it is not as it must be: one line with the place
     */
    public static List<Measure> measures(String language, Path task, TaskOptions options, Tokenizer tokenizer, int maxLength) {
        if (!isYaml(task))
            return List.of(Measure.Choices.of(language, Task.read(task).limit(options.items()), tokenizer, maxLength));
        return read(task, options).stream().map(one -> one.measure(language, tokenizer, maxLength)).toList();
    }

    /** The tasks of a task file, in its order; at least one. */
    public static List<HarnessTask> read(Path task, TaskOptions options) {
        Path file = file(task);
        String name = task.getFileName().toString();
        String part = name.contains("#") ? name.substring(name.indexOf('#') + 1) : "";
        List<HarnessTask> tasks = new ArrayList<>();
        TaskConfig config = TaskConfig.read(file);
        boolean[] found = {part.isEmpty()};
        new TaskFiles(options).add(config, List.of(), part, found, tasks);
        if (!found[0])
            throw new CraneException(file + ": has no task or group '" + part + "'");
        if (tasks.isEmpty())
            throw new CraneException(file + ": the group has no tasks");
        Map<String, HarnessTask> names = new LinkedHashMap<>();
        for (HarnessTask one : tasks)
            if (names.put(one.name(), one) != null)
                throw new CraneException(file + ": the task " + one.name() + " stands twice");
        return tasks;
    }

    /**
     * Adds the tasks of a task or group.
     *
     * @param part the name of what is asked for; empty: all
     * @param found set to true where that was met
     */
    private void add(TaskConfig config, List<TaskGroup> groups, String part, boolean[] found, List<HarnessTask> tasks) {
        boolean group = config.isGroup();
        String name = config.text(group ? "group" : "task").orElse("");
        boolean asked = part.isEmpty() || name.equals(part) || (!group && config.texts("tag").contains(part));
        if (asked)
            found[0] = true;
        if (!group) {
            if (asked)
                tasks.add(new HarnessTask(config, options, groups));
            return;
        }
        List<TaskGroup> chain = new ArrayList<>(groups);
        if (asked)
            chain.add(group(config, name));
        YamlNode.Sequence members = (YamlNode.Sequence) config.need("task");
        for (YamlNode member : members.items())
            for (TaskConfig one : member(config, member))
                add(one.over(config.forTasks()), chain, asked ? "" : part, found, tasks);
    }

    private static TaskGroup group(TaskConfig config, String name) {
        if (name.isEmpty())
            throw config.place().error("the group lacks the key 'group', its name");
        List<TaskGroup.Aggregate> aggregates = new ArrayList<>();
        if (config.node("aggregate_metric_list").isPresent()) {
            YamlNode list = config.need("aggregate_metric_list");
            for (YamlNode node : list instanceof YamlNode.Sequence sequence ? sequence.items() : List.of(list)) {
                YamlSection section = YamlSection.of("aggregate_metric_list", node,
                        List.of("metric", "aggregation", "weight_by_size", "filter_list"));
                YamlNode metric = section.need("metric");
                aggregates.add(new TaskGroup.Aggregate(Metric.of(TaskConfig.text("metric", metric)).filter(Metric::higherIsBetter)
                        .orElseThrow(() -> metric.place()
                                .error("metric: " + metric.kind() + " is none that a group has; known are acc, acc_norm, exact_match")),
                        !section.text("weight_by_size").filter("false"::equalsIgnoreCase).isPresent()));
            }
        }
        return new TaskGroup(name, config.text("group_alias").orElse(name), config.version(), List.copyOf(aggregates));
    }

    /** The tasks or groups that a member of a group stands for. */
    private List<TaskConfig> member(TaskConfig group, YamlNode member) {
        if (member instanceof YamlNode.Scalar named)
            return named(named.place(), named.text());
        if (!(member instanceof YamlNode.Mapping mapping))
            throw member.place().error("task: expected a task's name or its keys, found " + member.kind());
        TaskConfig inline = TaskConfig.of(mapping);
        String name = inline.isGroup() ? "" : inline.text("task").orElse("");
        Map<String, List<Path>> known = registry(group.place().file());
        // A known task's name with other keys: that task, changed.
        if (known.containsKey(name))
            return named(mapping.place(), name).stream().map(inline::over).toList();
        return List.of(inline);
    }

    private List<TaskConfig> named(YamlNode.Place place, String name) {
        List<Path> files = registry(place.file()).get(name);
        if (files == null)
            throw place.error("there is no task, group or tag '" + name + "' in the files of this folder");
        return files.stream().map(TaskConfig::read).toList();
    }

    /** The files of a folder by the names of the tasks, groups and tags that they define. */
    private Map<String, List<Path>> registry(Path file) {
        return registries.computeIfAbsent(file.toAbsolutePath().getParent(), folder -> {
            Map<String, List<Path>> names = new HashMap<>();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path one : files.filter(TaskFiles::isYaml).sorted().toList()) {
                    TaskConfig config;
                    try {
                        config = TaskConfig.read(one);
                    } catch (CraneException unreadable) {
                        continue; // it is not asked for; where it is, the name is not found
                    }
                    if (config.isGroup())
                        config.text("group").ifPresent(name -> names.computeIfAbsent(name, n -> new ArrayList<>()).add(one));
                    else {
                        config.text("task").ifPresent(name -> names.computeIfAbsent(name, n -> new ArrayList<>()).add(one));
                        config.texts("tag").forEach(tag -> names.computeIfAbsent(tag, n -> new ArrayList<>()).add(one));
                    }
                }
            } catch (IOException e) {
                throw FileErrors.cannotRead(folder, e);
            }
            return names;
        });
    }
}
