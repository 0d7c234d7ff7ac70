package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

/** Something to be measured in a language: what is asked of the model, and what is made of its answers. */
public sealed interface Measure permits Measure.Texts, Measure.Choices, ScoredMeasure {
    /** The language it is about. */
    String language();

    /** For files and tables: {@code perplexity}, or a task's name. */
    String name();

    /** What is asked of the model. */
    List<TokenRequest> requests();

    /** What results say about it. */
    TaskInfo about();

    /** Says what this measure is about, to the last token: two that are equal give the same results. */
    default String fingerprint() {
        Fingerprint fingerprint = new Fingerprint().add("language", language()).add("name", name()).add("items", items());
        for (TokenRequest request : requests())
            fingerprint.add("first", request.first()).add("ids", Arrays.toString(request.ids()));
        return fingerprint.hex();
    }

    /** What beside the requests makes the results: the questions, or the texts' lengths. */
    List<?> items();

    /** What comes of the scores of {@link #requests}, in their order. */
    Measurement measurement(List<TokenScore> scores);

    /**
     * Perplexity of texts.
     *
     * @param documents the texts, whole
     * @param windows the windows of each text
     * @param bytes how many bytes of UTF-8 the predicted tokens of each text stand for; −1 where that is not known
     */
    record Texts(String language, List<Sample> documents, List<List<TokenRequest>> windows, long[] bytes) implements Measure {
        /**
         * The texts of a corpus in rolling windows.
         *
         * @param documents how many, from the first
         * @param tokenizer the model's, or null where the corpus holds ids
         * @param vocabulary rows of the model's embedding
         * @param window the longest window, in tokens
         */
        public static Texts of(String language, Corpus corpus, int documents, Tokenizer tokenizer, int vocabulary, int window) {
            List<Sample> samples = corpus.samples(Choice.first(documents), new Tokenization(tokenizer, vocabulary, Integer.MAX_VALUE))
                    .samples();
            List<List<TokenRequest>> windows = new ArrayList<>();
            long[] bytes = new long[samples.size()];
            for (int d = 0; d < bytes.length; d++) {
                Sample sample = samples.get(d);
                if (sample.ids().length < 2)
                    throw new CraneException(corpus.file() + ": line " + (sample.line() + 1)
                            + " is a single token: nothing in it can be predicted; leave it out");
                windows.add(RollingWindows.of(sample.ids(), window, corpus.file() + ": line " + (sample.line() + 1)));
                // The first token is not predicted; one that begins a text stands for no bytes.
                bytes[d] = tokenizer == null ? -1 : sample.utf8Bytes() - tokenizer.byteLength(sample.ids()[0]);
            }
            return new Texts(language, samples, windows, bytes);
        }

        @Override
        public String name() {
            return "perplexity";
        }

        @Override
        public TaskInfo about() {
            return TaskInfo.perplexity(language, documents.size());
        }

        @Override
        public List<?> items() {
            return Arrays.stream(bytes).boxed().toList();
        }

        @Override
        public List<TokenRequest> requests() {
            return windows.stream().flatMap(List::stream).toList();
        }

        @Override
        public Measurement measurement(List<TokenScore> scores) {
            List<DocumentResult> results = new ArrayList<>();
            int next = 0;
            for (int d = 0; d < documents.size(); d++) {
                double logprob = 0;
                int tokens = 0;
                for (TokenRequest window : windows.get(d)) {
                    logprob += scores.get(next++).logprob();
                    tokens += window.scored();
                }
                results.add(new DocumentResult(documents.get(d).line(), logprob, tokens, bytes[d]));
            }
            return new Measurement.Texts(language, results);
        }
    }

    /**
     * Accuracy on a multiple-choice task.
     *
     * @param task the task
     * @param requests one per choice of each item
     */
    record Choices(String language, Task task, List<TokenRequest> requests) implements Measure {
        /** A task as a tokenizer encodes it for a model that reads up to {@code maxLength} tokens. */
        public static Choices of(String language, Task task, Tokenizer tokenizer, int maxLength) {
            MultipleChoice encoding = new MultipleChoice(tokenizer, maxLength);
            return new Choices(language, task, task.items().stream().flatMap(item -> encoding.requests(task, item).stream()).toList());
        }

        @Override
        public String name() {
            return task.name();
        }

        @Override
        public TaskInfo about() {
            return task.about();
        }

        @Override
        public List<?> items() {
            return task.items();
        }

        @Override
        public Measurement measurement(List<TokenScore> scores) {
            List<ChoiceResult> results = new ArrayList<>();
            int next = 0;
            for (ChoiceItem item : task.items()) {
                results.add(new ChoiceResult(item, List.copyOf(scores.subList(next, next + item.choices().size()))));
                next += item.choices().size();
            }
            return new Measurement.Choices(language, task.name(), task.about(), results);
        }
    }
}
