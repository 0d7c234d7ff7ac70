package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;

import dev.crane.analysis.faithfulness.FaithfulnessSettings;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.hook.Site;

/**
 * What an experiment file says; paths are resolved against its folder.
 *
 * @param path the file
 * @param models folders by name
 * @param languages in the order of the file
 * @param scores how unit scores are computed, unless a method says otherwise
 * @param methods how units are chosen
 * @param evaluation what is measured
 * @param langSpecF1 how LangSpec-F1 is computed
 * @param faithfulness whether relevance predicts what masking does, and how much is measured of it; empty: nothing
 * @param backend {@code auto}, or the name of one
 */
public record ExperimentFile(Path path, SequencedMap<String, Path> models, List<Language> languages, ScoreSettings scores,
        List<MethodEntry> methods, Evaluation evaluation, LangSpecF1.Options langSpecF1,
        Optional<Faithfulness> faithfulness, String backend) {
    /** The version of the format that is read. */
    public static final String FORMAT = "crane/experiment@1";

    /**
     * A language and its texts.
     *
     * @param name short name, used in file names
     * @param identify corpus whose samples are scored
     * @param heldout corpus whose perplexity is measured, or null
     * @param tasks task files, and questions as JSON lines
     */
    public record Language(String name, Path identify, Path heldout, List<Path> tasks) {}

    /**
     * How much is measured.
     *
     * @param documents how many of the held-out texts, from the first; empty: all
     * @param maxTokens the longest window of a text, in tokens; empty: what the model can read
     * @param tasks how task files are taken
     */
    public record Evaluation(OptionalInt documents, OptionalInt maxTokens, TaskOptions tasks) {}

    /**
     * Deletion and insertion curves, and agreement with measured ablation.
     *
     * @param units the sites whose units are put in order
     * @param settings how much is measured
     */
    public record Faithfulness(Set<Site> units, FaithfulnessSettings settings) {}

    /**
     * Reads an experiment.
     *
     * @throws dev.crane.engine.CraneException the file cannot be read, or something in it is wrong: one line with the place
     */
    public static ExperimentFile read(Path path) {
        return new ExperimentReader(path).read();
    }
}
