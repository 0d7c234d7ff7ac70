package dev.crane.analysis.evaluate;

import java.util.List;

/** What a model, in one condition, made of a {@link Measure}, item by item. */
public sealed interface Measurement {
    /** The language it is about. */
    String language();

    /** {@code perplexity}, or a task's name. */
    String name();

    /** What results say about it. */
    TaskInfo about();

    /** Of texts. */
    record Texts(String language, List<DocumentResult> documents) implements Measurement {
        @Override
        public TaskInfo about() {
            return TaskInfo.perplexity(language, documents.size());
        }

        @Override
        public String name() {
            return "perplexity";
        }

        /** Over all of them. */
        public Perplexity total() {
            return Perplexity.of(documents);
        }
    }

    /**
     * Of a task that is not multiple-choice, or of a group of tasks.
     *
     * @param about what results say about it; every item has a value for each of its metrics
     * @param items its items
     */
    record Scored(String language, String name, TaskInfo about, List<ScoredItem> items) implements Measurement {
        /** What the items give to a metric. */
        public List<Metric.Value> values(Metric metric) {
            int index = about.metrics().indexOf(metric);
            return items.stream().map(item -> item.values().get(index)).toList();
        }
    }

    /**
     * Of the questions of a task.
     *
     * @param about what results say about it
     * @param questions the questions
     */
    record Choices(String language, String name, TaskInfo about, List<ChoiceResult> questions) implements Measurement {
        /** What the questions give to a metric. */
        public List<Metric.Value> values(Metric metric) {
            return questions.stream().map(q -> Metric.Value.right(metric == Metric.ACC ? q.acc() : q.accNorm())).toList();
        }

        /** Over all of them. */
        public Accuracy total() {
            return Accuracy.of(questions);
        }
    }
}
