package dev.crane.analysis.statistics;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;
import dev.crane.engine.statistic.TopExamples;

/**
 * What is known of every unit's scores over the samples of one language.
 *
 * @param language its short name
 * @param moments per hook point, all of the same number of samples; not to be changed any more
 * @param topExamples per hook point the samples with the largest scores; empty if none were kept
 * @param provenance where the numbers come from, by {@link ProvenanceKey}
 */
public record LanguageStatistics(String language, SortedMap<HookPoint, Moments> moments, SortedMap<HookPoint, TopExamples> topExamples,
        SortedMap<String, String> provenance) {
    private static final Pattern LANGUAGE = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}_.-]{0,63}");
    /** What two statistics must agree in before their units can be compared. */
    static final List<String> COMPARABLE = List.of(ProvenanceKey.MODEL_HASH, ProvenanceKey.RULE, ProvenanceKey.RULE_HASH,
            ProvenanceKey.SCORE,
            ProvenanceKey.TARGET, ProvenanceKey.MAX_TOKENS);
    /** What two shards of one language must agree in beyond that. */
    private static final List<String> MERGEABLE = List.of(ProvenanceKey.CORPUS_HASH, ProvenanceKey.SEED);

    public LanguageStatistics {
        if (!isLanguage(language))
            throw new CraneException(FileErrors.quote(language) + " is no short name of a language: use letters, digits, '-', '_' and '.'");
        moments = Collections.unmodifiableSortedMap(new TreeMap<>(moments));
        topExamples = Collections.unmodifiableSortedMap(new TreeMap<>(topExamples));
        provenance = Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
        if (moments.values().stream().mapToLong(Moments::count).distinct().count() > 1)
            throw new IllegalArgumentException("the hook points of " + language + " have different numbers of samples");
        for (Map.Entry<HookPoint, TopExamples> entry : topExamples.entrySet()) {
            Moments here = moments.get(entry.getKey());
            if (here == null || here.units() != entry.getValue().units())
                throw new IllegalArgumentException("top examples at " + entry.getKey() + " without moments of the same units");
        }
    }

    /** Whether a text can be the short name of a language, and so part of a file's name: letters, digits, '-', '_', '.', at most 64. */
    public static boolean isLanguage(String text) {
        return LANGUAGE.matcher(text).matches();
    }

    /** n: the number of samples. */
    public long samples() {
        return moments.isEmpty() ? 0 : moments.firstEntry().getValue().count();
    }

    /** The units. */
    public UnitLayout layout() {
        SortedMap<HookPoint, Integer> widths = new TreeMap<>();
        moments.forEach((point, here) -> widths.put(point, here.units()));
        return new UnitLayout(widths);
    }

    /** The model that the scores are of, as far as the statistics tell: the layers and sites that were scored. */
    public MaskedModel model() {
        SortedMap<Site, Integer> widths = new TreeMap<>();
        layout().widths().forEach((point, width) -> widths.put(point.site(), width));
        return new MaskedModel(provenance.getOrDefault(ProvenanceKey.MODEL, ""), provenance.getOrDefault(ProvenanceKey.MODEL_HASH, ""),
                layout().widths().lastKey().layer() + 1, widths);
    }

    /** One value per unit in the layout's pooled order, such as {@code pooled(Moments::mean)}. */
    public double[] pooled(Function<Moments, double[]> value) {
        Map<HookPoint, double[]> values = new TreeMap<>();
        moments.forEach((point, here) -> values.put(point, value.apply(here)));
        return layout().pool(values);
    }

    /** The same of some sites alone; one that has no units here is a user's error. */
    public LanguageStatistics restrictedTo(Set<Site> asked) {
        Set<Site> sites = FusedRows.among(asked, moments.keySet().stream().map(HookPoint::site).collect(Collectors.toSet()));
        Set<Site> missing = new HashSet<>(sites);
        moments.keySet().forEach(point -> missing.remove(point.site()));
        if (!missing.isEmpty()) {
            throw new CraneException(
                    "the statistics of " + language + " have no units at " + missing.iterator().next().label() + ", only at "
                            + String.join(", ", moments.keySet().stream().map(point -> point.site().label()).distinct().toList())
                            + ": compute them again with --units");
        }
        SortedMap<HookPoint, Moments> restricted = new TreeMap<>(moments);
        restricted.keySet().removeIf(point -> !sites.contains(point.site()));
        SortedMap<HookPoint, TopExamples> examples = new TreeMap<>(topExamples);
        examples.keySet().removeIf(point -> !sites.contains(point.site()));
        return new LanguageStatistics(language, restricted, examples, provenance);
    }

    /** The language and its corpus, for messages. */
    String described() {
        return language + provenanceOf(ProvenanceKey.CORPUS).map(corpus -> " (" + corpus + ")").orElse("");
    }

    Optional<String> provenanceOf(String key) {
        return Optional.ofNullable(provenance.get(key));
    }

    /**
     * Checks that a method may compare these languages: each language once, the same model, rule, score, target and cut, the same units,
     * the same number of samples (a mean's noise and a kurtosis both depend on it).
     *
     * @throws CraneException one line that names the two that differ, in what, and how to mend it
     */
    public static void requireComparable(Collection<LanguageStatistics> languages) {
        if (languages.isEmpty())
            return;
        LanguageStatistics first = languages.iterator().next();
        Set<String> names = new HashSet<>();
        for (LanguageStatistics other : languages) {
            if (!names.add(other.language))
                throw new CraneException("there are two statistics of " + other.language + ": merge them, or leave one out");
            first.requireSame(COMPARABLE, other, "cannot be compared");
            if (other.samples() != first.samples()) {
                throw new CraneException("the statistics of " + first.described() + " and " + other.described()
                        + " cannot be compared: they are of " + first.samples() + " and " + other.samples()
                        + " samples; compute both with --samples " + Math.min(first.samples(), other.samples()));
            }
        }
    }

    private void requireSame(List<String> keys, LanguageStatistics other, String verdict) {
        for (String key : keys) {
            if (!provenanceOf(key).equals(other.provenanceOf(key))) {
                throw new CraneException("the statistics of " + described() + " and " + other.described() + " " + verdict + ": their "
                        + key.replace('_', ' ') + " differs (" + provenanceOf(key).orElse("not given") + " and "
                        + other.provenanceOf(key).orElse("not given") + ")");
            }
        }
        if (!layout().equals(other.layout())) {
            throw new CraneException("the statistics of " + described() + " and " + other.described() + " " + verdict
                    + ": they are of different units; compute both with the same --units");
        }
    }

    /**
     * Adds up shards of one language that were computed apart, in the order given.
     *
     * @param shards of the same language, corpus, seed, model, rule, score, target and units, of disjoint lines of the corpus
     * @throws CraneException one line that says which two do not fit together, and why
     */
    public static LanguageStatistics merge(List<LanguageStatistics> shards) {
        LanguageStatistics first = shards.getFirst();
        SortedMap<HookPoint, Moments> moments = new TreeMap<>();
        SortedMap<HookPoint, TopExamples> examples = new TreeMap<>();
        first.moments.forEach((point, here) -> moments.put(point, here.copy()));
        first.topExamples.forEach((point, here) -> examples.put(point, here.copy()));
        LineRanges lines = first.lines();
        long tokens = first.tokens();
        for (LanguageStatistics shard : shards.subList(1, shards.size())) {
            if (!shard.language.equals(first.language))
                throw new CraneException(
                        "the statistics of " + first.language + " and " + shard.language + " cannot be merged: two languages");
            first.requireSame(COMPARABLE, shard, "cannot be merged");
            first.requireSame(MERGEABLE, shard, "cannot be merged");
            LineRanges more = shard.lines();
            if (lines.intersects(more)) {
                throw new CraneException("the statistics of " + shard.described() + " cannot be merged: some of their lines (" + brief(more)
                        + ") are already in (" + brief(lines) + "); a sample must count once");
            }
            if (!capacities(first).equals(capacities(shard)))
                throw new CraneException(
                        "the statistics of " + shard.described() + " cannot be merged: they keep different numbers of top examples");
            lines = lines.plus(more);
            tokens += shard.tokens();
            shard.moments.forEach((point, here) -> moments.get(point).merge(here));
            shard.topExamples.forEach((point, here) -> examples.get(point).merge(here));
        }
        SortedMap<String, String> provenance = new TreeMap<>(first.provenance);
        provenance.put(ProvenanceKey.SAMPLES, Long.toString(moments.isEmpty() ? 0 : moments.firstEntry().getValue().count()));
        provenance.put(ProvenanceKey.TOKENS, Long.toString(tokens));
        provenance.put(ProvenanceKey.LINES, lines.toString());
        return new LanguageStatistics(first.language, moments, examples, provenance);
    }

    private static SortedMap<HookPoint, Integer> capacities(LanguageStatistics statistics) {
        SortedMap<HookPoint, Integer> capacities = new TreeMap<>();
        statistics.topExamples.forEach((point, here) -> capacities.put(point, here.capacity()));
        return capacities;
    }

    /** The lines of the corpus that the samples are; that they are not known is a user's error. */
    LineRanges lines() {
        return provenanceOf(ProvenanceKey.LINES).flatMap(LineRanges::parse).orElseThrow(() -> new CraneException(
                "the statistics of " + described() + " do not say which lines of the corpus they are of, so nothing can be added to them"));
    }

    /** The tokens of all samples; 0 if not known. */
    public long tokens() {
        return provenanceOf(ProvenanceKey.TOKENS).filter(text -> text.matches("\\d{1,18}")).map(Long::valueOf).orElse(0L);
    }

    private static String brief(LineRanges lines) {
        String text = lines.toString();
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }
}
