package dev.crane.analysis.harness;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.yaml.Nearest;

/** What a task asks of a model; the metrics are those that it can be judged by, and is where its file names none. */
enum OutputType {
    MULTIPLE_CHOICE(Metric.ACC, Metric.ACC_NORM), LOGLIKELIHOOD(Metric.PERPLEXITY, Metric.ACC), LOGLIKELIHOOD_ROLLING(
            Metric.WORD_PERPLEXITY, Metric.BYTE_PERPLEXITY, Metric.BITS_PER_BYTE), GENERATE_UNTIL(Metric.EXACT_MATCH);

    /** Never written to. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final Metric[] metrics;

    OutputType(Metric... metrics) {
        this.metrics = metrics;
    }

    List<Metric> metrics() {
        return List.of(metrics);
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static OutputType of(TaskConfig config) {
        String label = config.text("output_type").orElse(GENERATE_UNTIL.label());
        List<String> known = Arrays.stream(values()).map(OutputType::label).toList();
        return Arrays.stream(values()).filter(type -> type.label().equals(label)).findFirst()
                .orElseThrow(() -> config.error("output_type", "there is no '" + label + "'; " + Nearest.hint(label, known)));
    }
}
