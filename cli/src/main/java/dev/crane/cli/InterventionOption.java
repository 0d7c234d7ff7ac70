package dev.crane.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.mask.UnitValues;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;

/** What masks do to their units; a {@link Mixin}. */
final class InterventionOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--intervention", paramLabel = "KIND[=VALUE]",
            description = "What the masks do to their units: zero (the default), constant=X, scale=X, add=X, or mean=own, mean=others or mean=all: each unit's "
                    + "mean activation on texts of the mask's language, the others, or all (needs activation.mean).")
    private String intervention = "zero";

    @Option(names = "--activations", paramLabel = "DIR",
            description = "Folder that 'crane activations' wrote, for --intervention mean. Default: that of --stats.")
    private Path activations;

    /** What was asked for. */
    Treatment treatment() {
        int equals = intervention.indexOf('=');
        String kind = equals < 0 ? intervention : intervention.substring(0, equals);
        String value = equals < 0 ? "" : intervention.substring(equals + 1);
        if (activations != null && !kind.equals("mean"))
            throw new ParameterException(spec.commandLine(), "--activations goes with --intervention mean");
        return switch (kind) {
            case "zero" -> {
                if (equals >= 0)
                    throw new ParameterException(spec.commandLine(), "--intervention zero takes no value");
                yield new Treatment.Zero();
            }
            case "constant" -> new Treatment.Constant(number(value));
            case "scale" -> new Treatment.Scale(number(value));
            case "add" -> new Treatment.Add(number(value));
            case "mean" -> {
                try {
                    yield new Treatment.Mean(equals < 0 ? Treatment.Texts.ALL : Treatment.Texts.of(value));
                } catch (CraneException e) {
                    throw new ParameterException(spec.commandLine(), "--intervention " + intervention + ": " + e.getMessage(), e);
                }
            }
            case "percentile" -> throw new ParameterException(spec.commandLine(),
                    "--intervention percentile needs the values at every token, which statistics do not hold: use it in an experiment (crane run)");
            default -> throw new ParameterException(spec.commandLine(),
                    "--intervention: unknown kind '" + kind + "'; known are zero, constant=X, scale=X, add=X, mean=own|others|all");
        };
    }

    private float number(String text) {
        try {
            float value = Float.parseFloat(text);
            if (Float.isFinite(value))
                return value;
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new ParameterException(spec.commandLine(), "--intervention " + intervention + ": expected a number, such as scale=0.5");
    }

    /** The statistics of mean activations that a mean is taken from; nothing for any other intervention. */
    List<LanguageStatistics> means(Path statistics) {
        if (!(treatment() instanceof Treatment.Mean))
            return List.of();
        Path folder = activations == null ? statistics : activations;
        String label = new Quantity.Activation(Reduction.MEAN).label();
        Path below = folder.resolve(label);
        List<LanguageStatistics> means = StatisticsFile.readAll(Files.isDirectory(below) ? below : folder);
        for (LanguageStatistics language : means)
            if (!label.equals(language.provenance().get(ProvenanceKey.SCORE)))
                throw new CraneException(folder + ": --intervention mean needs statistics of " + label + ", these are of "
                        + language.provenance().get(ProvenanceKey.SCORE)
                        + ": make them with crane activations and name their folder (--activations)");
        return means;
    }

    /**
     * What the mask of a language does to its units.
     *
     * @param means what {@link #means} gave
     */
    MaskIntervention of(String language, UnitMask mask, List<LanguageStatistics> means) {
        if (!(treatment() instanceof Treatment.Mean mean))
            return treatment().fixed();
        List<String> wanted = mean.of().languages(language, means.stream().map(LanguageStatistics::language).toList());
        if (wanted.isEmpty())
            throw new CraneException("--intervention " + intervention + ": there are no mean activations of "
                    + (mean.of() == Treatment.Texts.OWN ? language : "languages other than " + language)
                    + "; make them with crane activations");
        List<LanguageStatistics> of = means.stream().filter(one -> wanted.contains(one.language())).toList();
        SortedMap<HookPoint, float[]> values = new TreeMap<>();
        mask.units().forEach((point, rows) -> values.put(point, means(point, rows, of)));
        return new MaskIntervention.Constant(UnitValues.each(mean.describe() + ", samples alike", values));
    }

    /** The mean over the samples of all languages together of what each sample's mean is. */
    private static float[] means(HookPoint point, int[] rows, List<LanguageStatistics> languages) {
        List<Moments> moments = new ArrayList<>();
        for (LanguageStatistics language : languages) {
            Moments here = language.moments().get(point);
            if (here == null || here.units() <= rows[rows.length - 1])
                throw new CraneException(
                        "the mean activations of " + language.language() + " have no unit " + rows[rows.length - 1] + " at " + point
                                + ": make them with crane activations --units " + point.site().label());
            moments.add(here);
        }
        float[] means = new float[rows.length];
        double samples = moments.stream().mapToLong(Moments::count).sum();
        for (Moments here : moments) {
            double[] mean = here.mean();
            for (int i = 0; i < rows.length; i++)
                means[i] += (float) (mean[rows[i]] * (here.count() / samples));
        }
        return means;
    }
}
