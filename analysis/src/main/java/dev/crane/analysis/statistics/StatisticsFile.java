package dev.crane.analysis.statistics;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;
import dev.crane.engine.statistic.TopExamples;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * Statistics as they are kept: {@code LANG.stats.safetensors}. For each hook point P of w units, such as
 * {@code model.layers.0.mlp.gate_proj},
 *
 * <pre>
 * P.n          F64 []      number of samples, a scalar
 * P.mean       F64 [w]     mean score
 * P.m2 .m3 .m4 F64 [w]     sums of the squared, cubed, fourth powers of the deviations from the mean
 * P.abs_mean   F64 [w]     mean absolute score
 * P.top_score  F32 [k, w]  the k largest scores, largest first; −∞ where there are fewer samples
 * P.top_line   I64 [k, w]  the lines of the corpus they come from, from 0; −1 where there are fewer samples
 * </pre>
 *
 * (the last two only where top examples were kept), and in {@code __metadata__} {@code format}, {@code language} and the provenance by
 * {@link ProvenanceKey}. The same statistics make the same bytes.
 */
public final class StatisticsFile {
    /** What {@code format} says. */
    public static final String FORMAT = "crane/statistics@1";
    /** What file names end in. */
    public static final String SUFFIX = ".stats.safetensors";

    static final String FORMAT_KEY = "format";
    static final String LANGUAGE_KEY = "language";

    private StatisticsFile() {
    }

    /** Where a language's statistics are in a folder. */
    public static Path in(Path folder, String language) {
        return folder.resolve(language + SUFFIX);
    }

    /** Writes statistics, whole or not at all. */
    public static void write(LanguageStatistics statistics, Path file) {
        SafetensorsWriter writer = new SafetensorsWriter().metadata(FORMAT_KEY, FORMAT).metadata(LANGUAGE_KEY, statistics.language())
                .metadata(statistics.provenance());
        statistics.moments().forEach((point, moments) -> {
            long units = moments.units();
            writer.add(point + ".n", new double[]{moments.count()});
            writer.add(point + ".mean", moments.mean(), units);
            writer.add(point + ".m2", moments.m2(), units);
            writer.add(point + ".m3", moments.m3(), units);
            writer.add(point + ".m4", moments.m4(), units);
            writer.add(point + ".abs_mean", moments.absMean(), units);
        });
        statistics.topExamples().forEach((point, top) -> {
            writer.add(point + ".top_score", top.scores(), top.capacity(), top.units());
            writer.add(point + ".top_line", top.lines(), top.capacity(), top.units());
        });
        writer.write(file);
    }

    /**
     * Reads statistics; every value is checked.
     *
     * @throws CraneException one line that says what is wrong with the file
     */
    public static LanguageStatistics read(Path file) {
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            return new Parser(reader).parse();
        }
    }

    /**
     * Reads the statistics of all languages in a folder, in the order of the languages' names.
     *
     * @throws CraneException if there are none, or one is damaged
     */
    public static List<LanguageStatistics> readAll(Path folder) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder,
                entry -> entry.getFileName().toString().endsWith(SUFFIX) && !entry.getFileName().toString().startsWith("."))) {
            entries.forEach(files::add);
        } catch (IOException e) {
            throw FileErrors.cannotRead(folder, e);
        }
        if (files.isEmpty())
            throw new CraneException(
                    "there are no statistics in " + folder + " (files named LANG" + SUFFIX + "): make them with crane relevance");
        files.sort(null);
        List<LanguageStatistics> all = new ArrayList<>();
        for (Path file : files)
            all.add(read(file));
        return all;
    }

    /** The metadata every file of this program has, without format and language. */
    static SortedMap<String, String> provenance(SafetensorsReader reader, String format) {
        SortedMap<String, String> provenance = new TreeMap<>(reader.metadata());
        String actual = provenance.remove(FORMAT_KEY);
        if (!format.equals(actual)) {
            throw error(reader, actual == null
                    ? "it says no format; this must be a file of the format " + format
                    : "the format is " + FileErrors.quote(actual) + "; this must be a file of the format " + format);
        }
        provenance.remove(LANGUAGE_KEY);
        return provenance;
    }

    /** The language a file says it is of. */
    static String language(SafetensorsReader reader) {
        String language = reader.metadata().getOrDefault(LANGUAGE_KEY, "");
        if (!LanguageStatistics.isLanguage(language))
            throw error(reader,
                    "the language is " + FileErrors.quote(language) + ", which is no short name of letters, digits, '-', '_' and '.'");
        return language;
    }

    static CraneException error(SafetensorsReader reader, String what) {
        return new CraneException(reader.file() + ": " + what);
    }

    /** Turns the tensors of one file into statistics, refusing what does not belong. */
    private record Parser(SafetensorsReader reader) {
        private static final List<String> MOMENTS = List.of("n", "mean", "m2", "m3", "m4", "abs_mean");
        private static final List<String> TOP = List.of("top_score", "top_line");

        LanguageStatistics parse() {
            SortedMap<String, String> provenance = provenance(reader, FORMAT);
            String language = language(reader);
            SortedMap<HookPoint, SortedSet<String>> parts = new TreeMap<>();
            for (String name : reader.names()) {
                int dot = name.lastIndexOf('.');
                String part = name.substring(dot + 1);
                HookPoint point = dot < 0 ? null : HookPoint.parse(name.substring(0, dot)).orElse(null);
                if (point == null || !(MOMENTS.contains(part) || TOP.contains(part)) || !name.equals(point + "." + part))
                    throw error(reader, "the tensor " + FileErrors.quote(name) + " is no statistic of a hook point");
                parts.computeIfAbsent(point, p -> new TreeSet<>()).add(part);
            }
            SortedMap<HookPoint, Moments> moments = new TreeMap<>();
            SortedMap<HookPoint, TopExamples> examples = new TreeMap<>();
            parts.forEach((point, names) -> {
                moments.put(point, moments(point));
                if (names.contains(TOP.getFirst()) || names.contains(TOP.getLast()))
                    examples.put(point, examples(point, moments.get(point).units()));
            });
            long samples = moments.isEmpty() ? 0 : moments.firstEntry().getValue().count();
            moments.forEach((point, here) -> {
                if (here.count() != samples)
                    throw error(reader, point + ".n is " + here.count() + ", but " + moments.firstKey() + ".n is " + samples);
            });
            String said = provenance.get(ProvenanceKey.SAMPLES);
            if (said != null && !said.equals(Long.toString(samples)))
                throw error(reader, "the metadata say n = " + FileErrors.quote(said) + ", the tensors are of " + samples + " samples");
            return new LanguageStatistics(language, moments, examples, provenance);
        }

        private Moments moments(HookPoint point) {
            StoredTensor count = tensor(point, "n", DType.F64);
            if (count.elements() != 1)
                throw error(reader, point + ".n has the shape " + Arrays.toString(count.shape()) + " instead of []");
            double n = count.doubles()[0];
            if (!(n >= 0 && n <= 1L << 53 && n == Math.rint(n)))
                throw error(reader, point + ".n is " + n + ", which is no number of samples");
            double[] mean = values(point, "mean", -1);
            double[] m2 = values(point, "m2", mean.length);
            double[] absMean = values(point, "abs_mean", mean.length);
            for (int i = 0; i < mean.length; i++)
                if (m2[i] < 0 || absMean[i] < 0)
                    throw error(reader, point + (m2[i] < 0 ? ".m2" : ".abs_mean") + " is negative at row " + i);
            return new Moments((long) n, mean, m2, values(point, "m3", mean.length), values(point, "m4", mean.length), absMean);
        }

        private double[] values(HookPoint point, String part, int units) {
            StoredTensor tensor = tensor(point, part, DType.F64);
            if (tensor.shape().length != 1 || (units >= 0 && tensor.shape()[0] != units)) {
                throw error(reader, point + "." + part + " has the shape " + Arrays.toString(tensor.shape()) + " instead of ["
                        + (units < 0 ? "units" : units) + "]");
            }
            double[] values = tensor.doubles();
            for (int i = 0; i < values.length; i++)
                if (!Double.isFinite(values[i]))
                    throw error(reader, point + "." + part + " is " + values[i] + " at row " + i);
            return values;
        }

        private TopExamples examples(HookPoint point, int units) {
            StoredTensor scores = tensor(point, "top_score", DType.F32);
            StoredTensor lines = tensor(point, "top_line", DType.I64);
            long[] shape = scores.shape();
            if (shape.length != 2 || shape[0] < 1 || shape[1] != units || !Arrays.equals(shape, lines.shape())) {
                throw error(reader, point + ".top_score and .top_line have the shapes " + Arrays.toString(shape) + " and "
                        + Arrays.toString(lines.shape()) + " instead of [examples, " + units + "] both");
            }
            try {
                return new TopExamples(units, scores.size(0), scores.floats(), lines.longs());
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new CraneException(reader.file() + ": " + point + ": " + e.getMessage(), e);
            }
        }

        private StoredTensor tensor(HookPoint point, String part, DType dtype) {
            StoredTensor tensor = reader.tensor(point + "." + part);
            if (tensor.dtype() != dtype)
                throw error(reader, point + "." + part + " is " + tensor.dtype() + " instead of " + dtype);
            return tensor;
        }
    }
}
