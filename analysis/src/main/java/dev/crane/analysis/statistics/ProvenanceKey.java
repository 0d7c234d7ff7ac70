package dev.crane.analysis.statistics;

/** Keys of the provenance that goes with statistics, samples and masks: where their numbers come from. All values are text. */
public final class ProvenanceKey {
    /** Name of the model folder. */
    public static final String MODEL = "model";
    /** Hash of the model's files. */
    public static final String MODEL_HASH = "model_hash";
    /** Name of the corpus file. */
    public static final String CORPUS = "corpus";
    /** Hash of the corpus file. */
    public static final String CORPUS_HASH = "corpus_hash";
    /** Relevance rule. */
    public static final String RULE = "rule";
    /** Hash of both twins of a relevance rule that is not of this build; absent for the others. */
    public static final String RULE_HASH = "rule_hash";
    /** Which score. */
    public static final String SCORE = "score";
    /** What was explained. */
    public static final String TARGET = "target";
    /** Seed of the choice of samples. */
    public static final String SEED = "seed";
    /** Tokens a sample was cut to. */
    public static final String MAX_TOKENS = "max_tokens";
    /** Number of samples. */
    public static final String SAMPLES = "n";
    /** Number of tokens in all samples. */
    public static final String TOKENS = "tokens";
    /** Lines of the corpus the samples are, from 0, as {@link LineRanges}. */
    public static final String LINES = "lines";
    /** Version of the program. */
    public static final String CRANE_VERSION = "crane_version";

    private ProvenanceKey() {
    }
}
