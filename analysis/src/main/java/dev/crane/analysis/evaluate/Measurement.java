package dev.crane.analysis.evaluate;

import java.util.List;

/** What a model, in one condition, made of a {@link Measure}, item by item. */
public sealed interface Measurement {
    /** The language it is about. */
    String language();

    /** {@code perplexity}, or a task's name. */
    String name();

    /** Of texts. */
    record Texts(String language, List<DocumentResult> documents) implements Measurement {
        @Override
        public String name() {
            return "perplexity";
        }

        /** Over all of them. */
        public Perplexity total() {
            return Perplexity.of(documents);
        }
    }

    /** Of the questions of a task. */
    record Choices(String language, String name, List<ChoiceResult> questions) implements Measurement {
        /** Over all of them. */
        public Accuracy total() {
            return Accuracy.of(questions);
        }
    }
}
