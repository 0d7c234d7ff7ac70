package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.experiment.EvaluationRun;
import dev.crane.analysis.experiment.MaskKey;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.models.CausalLanguageModel;

/** Masks under which a model runs, one after the other; a {@link Mixin}. */
final class MasksOption {
    private static final String MASK_SUFFIX = ".mask.json";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--mask", paramLabel = "FILE",
            description = "A mask (LANG.mask.json): its units set to zero, or what else it says; may be given again.")
    private List<Path> files = List.of();

    @Option(names = "--transfer", description = "Apply masks though they were found on another model of the same layout.")
    private boolean transfer;

    /** The files, in the order in which they were given. */
    List<Path> files() {
        return files;
    }

    /**
     * The masks, each called by the method and the language that it tells of; where two are called alike, by what they do too.
     *
     * @throws dev.crane.engine.CraneException if a file is no mask, or one of another model
     */
    List<EvaluationRun.Masked> read(CausalLanguageModel model) {
        List<EvaluationRun.Masked> masks = new ArrayList<>();
        Set<MaskKey> keys = new HashSet<>();
        for (Path file : files) {
            MaskFile mask = MaskFile.read(file);
            mask.check(file, ModelIdentity.masked(model), model.spec(), transfer);
            String name = file.getFileName().toString();
            String stem = name.endsWith(MASK_SUFFIX) ? name.substring(0, name.length() - MASK_SUFFIX.length()) : name;
            MaskKey key = new MaskKey(mask.provenance().getOrDefault("method", "mask"), mask.provenance().getOrDefault("language", stem),
                    mask.provenance().getOrDefault("method.seed", ""));
            boolean taken = !keys.add(key);
            if (taken) { // the same units, and something else done to them
                key = new MaskKey(key.method() + "-" + mask.intervention().describe().replaceAll("[^\\p{L}\\p{N}.]+", "-"), key.mask(),
                        key.seed());
                taken = !keys.add(key);
            }
            if (taken)
                throw new ParameterException(spec.commandLine(),
                        "--mask " + file
                                + ": another mask is of the same method, language, seed and intervention; measure them in runs of their own");
            masks.add(new EvaluationRun.Masked(key, mask.mask(), mask.intervention()));
        }
        return masks;
    }
}
