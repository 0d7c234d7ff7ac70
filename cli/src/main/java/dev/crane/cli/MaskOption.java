package dev.crane.cli;

import java.nio.file.Path;
import java.util.List;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.models.CausalLanguageModel;

/** One mask under which a model runs, or none; a {@link Mixin}. */
final class MaskOption {
    @Option(names = "--mask", paramLabel = "FILE",
            description = "Run under this mask (LANG.mask.json): its units set to zero, or what else it says.")
    private Path file;

    @Option(names = "--transfer", description = "Apply the mask though it was found on another model of the same layout.")
    private boolean transfer;

    /** The file, or null. */
    Path file() {
        return file;
    }

    /**
     * The mask as the sets of interventions of a request: one set, or none.
     *
     * @throws dev.crane.engine.CraneException if the file is no mask, or one of another model
     */
    List<InterventionSet> interventions(CausalLanguageModel model) {
        if (file == null)
            return List.of();
        MaskFile mask = MaskFile.read(file);
        mask.check(file, MaskedModel.of(model.name(), model.hash(), model.spec()), model.spec(), transfer);
        return List.of(mask.interventions(file.toString()));
    }

    /** For {@code count} sequences the index of their set among {@link #interventions}: 0 for all, or null where there is no mask. */
    static int[] forAll(List<InterventionSet> interventions, int count) {
        return interventions.isEmpty() ? null : new int[count];
    }
}
