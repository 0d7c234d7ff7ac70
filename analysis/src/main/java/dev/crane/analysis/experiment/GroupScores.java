package dev.crane.analysis.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.ScoredItem;
import dev.crane.analysis.evaluate.TaskGroup;
import dev.crane.analysis.evaluate.TaskInfo;

/** The groups of the tasks that were measured, summed up as lm-evaluation-harness sums them up. */
final class GroupScores {
    /** A group in a language. */
    private record Place(String language, TaskGroup group) {}

    private final Map<Place, List<Measurement>> groups = new LinkedHashMap<>();
    private final TaskNames names;

    GroupScores(Evaluated evaluated) {
        names = new TaskNames(evaluated);
        for (Measurement measurement : evaluated.measurements())
            for (TaskGroup group : measurement.about().groups())
                groups.computeIfAbsent(new Place(measurement.language(), group), g -> new ArrayList<>()).add(measurement);
    }

    boolean isEmpty() {
        return groups.isEmpty();
    }

    /** Takes a group. */
    interface Taker {
        /**
         * @param name what results call the group
         * @param tasks what they call its tasks, those of groups within it too
         */
        void take(String name, TaskGroup group, List<String> tasks);
    }

    void forEach(Taker taker) {
        groups.forEach((place, members) -> taker.take(names.of(place.language, place.group), place.group,
                members.stream().map(names::of).toList()));
    }

    /** The groups' values from those of their tasks. */
    ObjectNode results(ObjectNode tasks) {
        ObjectNode results = JsonMapper.shared().createObjectNode();
        groups.forEach((place, members) -> {
            TaskGroup group = place.group;
            ObjectNode node = results.putObject(names.of(place.language, group)).put("alias", group.alias());
            if (group.aggregates().isEmpty())
                return;
            node.put("sample_len", members.stream().mapToInt(HarnessResults::size).sum());
            for (TaskGroup.Aggregate aggregate : group.aggregates())
                aggregate(node, aggregate, members, tasks);
        });
        return results;
    }

    /** The mean, and its standard error: pooled where it is weighted by size, that of a mean of independent means where it is not. */
    private void aggregate(ObjectNode node, TaskGroup.Aggregate aggregate, List<Measurement> members, ObjectNode tasks) {
        String label = aggregate.metric().label();
        double sum = 0;
        double weights = 0;
        double squares = 0;
        long items = 0;
        int count = 0;
        for (Measurement member : members) {
            JsonNode task = tasks.path(names.of(member));
            JsonNode value = task.path(label + ",none");
            if (!value.isNumber())
                continue;
            int size = HarnessResults.size(member);
            double weight = aggregate.bySize() ? size : 1;
            sum += value.doubleValue() * weight;
            weights += weight;
            double error = task.path(label + "_stderr,none").asDouble(Double.NaN);
            squares += aggregate.bySize() ? (size - 1) * error * error * size : error * error;
            items += size;
            count++;
        }
        if (count == 0)
            return;
        HarnessResults.number(node, label, sum / weights);
        HarnessResults.number(node, label + "_stderr",
                aggregate.bySize() ? Math.sqrt(squares / (items - count) / items) : Math.sqrt(squares) / count);
    }

    /**
     * With each group that is summed up, the outermost, in the place of its tasks: its items are those of all its tasks, each counting what it counts in the
     * group's mean.
     */
    static Evaluated inPlaceOfTasks(Evaluated evaluated) {
        Map<List<String>, List<Measurement>> places = new LinkedHashMap<>();
        Map<List<String>, TaskGroup> of = new LinkedHashMap<>();
        for (Measurement measurement : evaluated.measurements()) {
            Optional<TaskGroup> group = measurement.about().groups().stream().filter(g -> !g.aggregates().isEmpty()).findFirst();
            List<String> place = List.of(measurement.language(), group.map(TaskGroup::name).orElse(measurement.name()),
                    group.isPresent() ? "group" : "task");
            group.ifPresent(g -> of.put(place, g));
            places.computeIfAbsent(place, p -> new ArrayList<>()).add(measurement);
        }
        if (of.isEmpty())
            return evaluated;
        List<Measurement> measurements = new ArrayList<>();
        places.forEach((place, members) -> {
            if (of.containsKey(place))
                measurements.add(pooled(of.get(place), members));
            else
                measurements.addAll(members);
        });
        return new Evaluated(evaluated.key(), evaluated.units(), measurements);
    }

    private static Measurement pooled(TaskGroup group, List<Measurement> members) {
        List<Metric> metrics = group.aggregates().stream().map(TaskGroup.Aggregate::metric)
                .filter(metric -> members.stream().allMatch(member -> member.about().metrics().contains(metric))).toList();
        if (metrics.isEmpty())
            metrics = members.getFirst().about().metrics();
        List<ScoredItem> items = new ArrayList<>();
        for (Measurement member : members) {
            List<List<Metric.Value>> values = metrics.stream().map(metric -> weighted(group, metric, ResultTables.values(member, metric)))
                    .toList();
            for (int i = 0; i < HarnessResults.size(member); i++) {
                int index = i;
                items.add(new ScoredItem(items.size(), new ScoredItem.Response.Pooled(),
                        values.stream().map(all -> all.get(index)).toList()));
            }
        }
        TaskInfo first = members.getFirst().about();
        return new Measurement.Scored(members.getFirst().language(), group.name(),
                new TaskInfo(group.alias(), group.version(), first.shots(), items.size(), metrics, List.of()), items);
    }

    private static List<Metric.Value> weighted(TaskGroup group, Metric metric, List<Metric.Value> values) {
        boolean bySize = group.aggregates().stream().filter(aggregate -> aggregate.metric() == metric).findFirst()
                .map(TaskGroup.Aggregate::bySize)
                .orElse(true);
        double weight = bySize ? 1 : 1.0 / values.size();
        return values.stream().map(value -> new Metric.Value(value.sum() * weight, value.weight() * weight)).toList();
    }
}
