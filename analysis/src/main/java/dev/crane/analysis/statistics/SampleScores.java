package dev.crane.analysis.statistics;

import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;

/**
 * The scores of every sample of one language, as they are kept: {@code LANG.samples.safetensors}. For each hook point P of w units,
 *
 * <pre>
 * P        F32 [n, w]  the score of each unit in each sample
 * target   F32 [n]     the value of what was explained
 * line     I64 [n]     the sample's line in the corpus, from 0
 * </pre>
 *
 * and in {@code __metadata__} {@code format}, {@code language} and the provenance by {@link ProvenanceKey}. The file stays mapped while
 * this is open; files may be larger than memory.
 */
public final class SampleScores implements AutoCloseable {
    /** What {@code format} says. */
    public static final String FORMAT = "crane/samples@1";
    /** What file names end in. */
    public static final String SUFFIX = ".samples.safetensors";

    static final String TARGET = "target";
    static final String LINE = "line";

    private final SafetensorsReader reader;
    private final String language;
    private final SortedMap<String, String> provenance;
    private final UnitLayout layout;
    private final float[] targets;
    private final long[] lines;

    private SampleScores(SafetensorsReader reader) {
        this.reader = reader;
        provenance = StatisticsFile.provenance(reader, FORMAT);
        language = StatisticsFile.language(reader);
        targets = vector(TARGET, DType.F32).floats();
        lines = vector(LINE, DType.I64).longs();
        if (targets.length != lines.length)
            throw StatisticsFile.error(reader, "there are " + targets.length + " targets and " + lines.length + " lines");
        Map<HookPoint, Integer> widths = new HashMap<>();
        for (String name : reader.names()) {
            if (name.equals(TARGET) || name.equals(LINE))
                continue;
            HookPoint point = HookPoint.parse(name).filter(parsed -> parsed.path().equals(name)).orElseThrow(
                    () -> StatisticsFile.error(reader, "the tensor " + FileErrors.quote(name) + " is not named like a hook point"));
            StoredTensor tensor = reader.tensor(name);
            if (tensor.dtype() != DType.F32 || tensor.shape().length != 2 || tensor.shape()[0] != lines.length
                    || tensor.shape()[1] > Integer.MAX_VALUE) {
                throw StatisticsFile.error(reader, tensor + " should be F32[" + lines.length + ", units]");
            }
            widths.put(point, tensor.size(1));
        }
        layout = new UnitLayout(widths);
    }

    private StoredTensor vector(String name, DType dtype) {
        StoredTensor tensor = reader.tensor(name);
        if (tensor.dtype() != dtype || tensor.shape().length != 1)
            throw StatisticsFile.error(reader, tensor + " should be " + dtype + "[samples]");
        return tensor;
    }

    /** Where a language's samples are in a folder. */
    public static Path in(Path folder, String language) {
        return folder.resolve(language + SUFFIX);
    }

    /**
     * Opens a file and checks its layout.
     *
     * @throws CraneException one line that says what is wrong with the file
     */
    public static SampleScores open(Path file) {
        SafetensorsReader reader = SafetensorsReader.open(file);
        try {
            return new SampleScores(reader);
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    /** The language. */
    public String language() {
        return language;
    }

    /** Where the numbers come from, by {@link ProvenanceKey}. */
    public SortedMap<String, String> provenance() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
    }

    /** The units. */
    public UnitLayout layout() {
        return layout;
    }

    /**
     * The units of some sites, which must be the same in the samples of every language.
     *
     * @throws CraneException where they are not there, or the samples are of different models or quantities
     */
    public static UnitLayout commonLayout(List<SampleScores> languages, Set<Site> asked) {
        Set<Site> present = languages.stream().flatMap(samples -> samples.layout.widths().keySet().stream()).map(HookPoint::site)
                .collect(Collectors.toSet());
        Set<Site> sites = FusedRows.among(asked, present);
        UnitLayout layout = null;
        for (SampleScores samples : languages) {
            for (String key : LanguageStatistics.COMPARABLE)
                if (!Objects.equals(samples.provenance.get(key), languages.getFirst().provenance.get(key)))
                    throw StatisticsFile.error(samples.reader,
                            "its " + key.replace('_', ' ') + " is not that of " + languages.getFirst().reader.file());
            UnitLayout here = samples.layout.at(sites);
            if (layout != null && !layout.equals(here))
                throw StatisticsFile.error(samples.reader, "has other units than " + languages.getFirst().reader.file());
            layout = here;
        }
        for (Site site : sites)
            if (layout == null || layout.widths().keySet().stream().noneMatch(point -> point.site() == site))
                throw new CraneException("the samples have no units at " + site.label() + ": compute them again with --units");
        return layout;
    }

    /** n: the number of samples. */
    public int samples() {
        return lines.length;
    }

    /** The value of what was explained in each sample. */
    public float[] targets() {
        return targets.clone();
    }

    /** The line of each sample in the corpus, from 0. */
    public long[] lines() {
        return lines.clone();
    }

    /** One sample's score of every unit of a hook point. */
    public float[] scores(HookPoint point, int sample) {
        if (sample < 0 || sample >= lines.length || !reader.contains(point.path()))
            throw new IllegalArgumentException("sample " + sample + " of " + lines.length + " at " + point);
        long bytes = 4L * layout.width(point);
        StoredTensor all = reader.tensor(point.path());
        return new StoredTensor(all.name(), DType.F32, new long[]{layout.width(point)}, all.data().asSlice(sample * bytes, bytes)).floats();
    }

    /**
     * The statistics of the samples, in their order.
     *
     * @param topExamples how many top examples are kept per unit; 0 for none
     * @throws CraneException if a score is not a finite number, or a line is negative or there twice
     */
    public LanguageStatistics statistics(int topExamples) {
        StatisticsAccumulator accumulator = new StatisticsAccumulator(language, layout, topExamples);
        for (int sample = 0; sample < lines.length; sample++) {
            if (lines[sample] < 0 || accumulator.contains(lines[sample]))
                throw StatisticsFile.error(reader, "line " + lines[sample] + (lines[sample] < 0 ? " is none" : " is there twice"));
            Map<HookPoint, float[]> scores = new HashMap<>();
            for (HookPoint point : layout.widths().keySet())
                scores.put(point, scores(point, sample));
            accumulator.add(lines[sample], 0, scores);
        }
        LanguageStatistics statistics = accumulator.snapshot(provenance);
        SortedMap<String, String> complete = new TreeMap<>(statistics.provenance());
        // How long the samples are is not in the file; their sum may be.
        complete.remove(ProvenanceKey.TOKENS);
        if (provenance.containsKey(ProvenanceKey.TOKENS))
            complete.put(ProvenanceKey.TOKENS, provenance.get(ProvenanceKey.TOKENS));
        return new LanguageStatistics(language, statistics.moments(), statistics.topExamples(), complete);
    }

    @Override
    public void close() {
        reader.close();
    }
}
