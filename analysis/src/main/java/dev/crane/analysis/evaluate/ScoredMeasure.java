package dev.crane.analysis.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;

/** A task that is not multiple-choice: every item has one response, and a value for each metric. */
public sealed interface ScoredMeasure extends Measure {
    /** How many items there are. */
    int size();

    /** What an item gives. */
    ScoredItem item(int index, ScoredItem.Response response);

    private Measurement measured(List<? extends ScoredItem.Response> responses) {
        return new Measurement.Scored(language(), name(), about(),
                IntStream.range(0, size()).mapToObj(i -> item(i, responses.get(i))).toList());
    }

    /**
     * The log-probability of one continuation an item: lm-evaluation-harness's {@code loglikelihood}.
     *
     * @param requests one an item
     */
    record Likelihood(String language, String name, TaskInfo about, List<TokenRequest> requests) implements ScoredMeasure {
        @Override
        public int size() {
            return requests.size();
        }

        @Override
        public List<?> items() {
            return about.metrics();
        }

        @Override
        public ScoredItem item(int index, ScoredItem.Response response) {
            if (!(response instanceof ScoredItem.Response.Likelihood one))
                throw new IllegalArgumentException("no score of a continuation");
            return new ScoredItem(index, response, about.metrics().stream()
                    .map(metric -> metric == Metric.ACC
                            ? Metric.Value.right(one.score().greedy())
                            : new Metric.Value(one.score().logprob(), 1))
                    .toList());
        }

        @Override
        public Measurement measurement(List<TokenScore> scores) {
            return ((ScoredMeasure) this).measured(scores.stream().map(ScoredItem.Response.Likelihood::new).toList());
        }
    }

    /**
     * The log-probability of whole texts: lm-evaluation-harness's {@code loglikelihood_rolling}.
     *
     * @param windows of each text
     * @param words of each text, between runs of white space
     * @param bytes of each text in UTF-8
     */
    record Rolling(String language, String name, TaskInfo about, List<List<TokenRequest>> windows, int[] words, long[] bytes)
            implements
                ScoredMeasure {
        private static final Pattern BLANKS = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

        /** How many words a text has: the pieces between runs of white space, an empty one at either end counted too. */
        public static int words(String text) {
            return BLANKS.split(text, -1).length;
        }

        @Override
        public int size() {
            return windows.size();
        }

        @Override
        public List<?> items() {
            return List.of(about.metrics(), Arrays.toString(words), Arrays.toString(bytes));
        }

        @Override
        public List<TokenRequest> requests() {
            return windows.stream().flatMap(List::stream).toList();
        }

        @Override
        public ScoredItem item(int index, ScoredItem.Response response) {
            if (!(response instanceof ScoredItem.Response.Rolling rolling))
                throw new IllegalArgumentException("no score of a text");
            return new ScoredItem(index, response, about.metrics().stream()
                    .map(metric -> new Metric.Value(rolling.logprob(), metric == Metric.WORD_PERPLEXITY ? words[index] : bytes[index]))
                    .toList());
        }

        @Override
        public Measurement measurement(List<TokenScore> scores) {
            List<ScoredItem.Response> responses = new ArrayList<>();
            int next = 0;
            for (List<TokenRequest> text : windows) {
                double logprob = 0;
                for (int w = 0; w < text.size(); w++)
                    logprob += scores.get(next++).logprob();
                responses.add(new ScoredItem.Response.Rolling(logprob));
            }
            return ((ScoredMeasure) this).measured(responses);
        }
    }

    /**
     * Text that a model writes, always the most likely token, compared with what is expected: lm-evaluation-harness's {@code generate_until}.
     *
     * @param prompts token ids of each item
     * @param expected the answers that count as right, of each item
     * @param until where an answer ends: before the first of these
     * @param maxTokens how many tokens an answer has at most
     * @param match how answers are compared
     */
    record Generation(String language, String name, TaskInfo about, List<int[]> prompts, List<List<String>> expected, List<String> until,
            int maxTokens, Match match) implements ScoredMeasure {
        @Override
        public int size() {
            return prompts.size();
        }

        @Override
        public List<?> items() {
            return List.of(prompts.stream().map(Arrays::toString).toList(), expected, until, maxTokens, match);
        }

        /** None: it is generated. */
        @Override
        public List<TokenRequest> requests() {
            return List.of();
        }

        /** What is generated, up to where the answer ends. */
        public String answer(String generated) {
            String answer = generated;
            for (String stop : until)
                if (!stop.isEmpty() && answer.contains(stop))
                    answer = answer.substring(0, answer.indexOf(stop));
            return answer;
        }

        @Override
        public ScoredItem item(int index, ScoredItem.Response response) {
            if (!(response instanceof ScoredItem.Response.Text written))
                throw new IllegalArgumentException("no text");
            boolean right = expected.get(index).stream().anyMatch(gold -> match.of(gold).equals(match.of(written.text())));
            return new ScoredItem(index, response, List.of(Metric.Value.right(right)));
        }

        @Override
        public Measurement measurement(List<TokenScore> scores) {
            throw new IllegalStateException("this task is generated, not scored");
        }

        /** What comes of the answers, in the prompts' order. */
        public Measurement answered(List<String> answers) {
            return ((ScoredMeasure) this).measured(answers.stream().map(ScoredItem.Response.Text::new).toList());
        }
    }

    /**
     * What is left out before answers are compared.
     *
     * @param patterns regular expressions whose matches are taken out first
     * @param ignoreCase whether all is lower-cased
     * @param ignorePunctuation whether ASCII's punctuation is taken out
     * @param ignoreNumbers whether the digits 0–9 are taken out
     */
    record Match(List<String> patterns, boolean ignoreCase, boolean ignorePunctuation, boolean ignoreNumbers) {
        /** Checks the expressions. */
        public Match {
            patterns = List.copyOf(patterns);
            for (String pattern : patterns)
                try {
                    Pattern.compile(pattern);
                } catch (PatternSyntaxException e) {
                    throw new CraneException("'" + pattern + "' is no regular expression: " + e.getDescription(), e);
                }
        }

        String of(String text) {
            String left = text;
            for (String pattern : patterns)
                left = Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS).matcher(left).replaceAll("");
            if (ignoreCase)
                left = left.toLowerCase(Locale.ROOT);
            if (ignorePunctuation)
                left = left.replaceAll("\\p{Punct}", "");
            return ignoreNumbers ? left.replaceAll("[0-9]", "") : left;
        }
    }
}
