package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.TokenActivations;
import dev.crane.analysis.collect.TokenStatistics;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.file.FileErrors;

/**
 * What the masks of one model do to their units. Means, percentiles and deviations of units are taken in one forward pass over the identification samples of each
 * language, of all units together that need them there. Masks that are finished keep the numbers that their files hold.
 */
final class ArmInterventions {
    private final TokenActivations activations;
    private final SequencedMap<String, Corpus> corpora;
    private final Path work;
    private final Journal journal;
    private final Progress progress;
    private final List<Path> states = new ArrayList<>();

    /**
     * @param corpora the identification texts of every language
     * @param work where the state of the pass is kept
     */
    ArmInterventions(TokenActivations activations, Map<String, Corpus> corpora, Path work, Journal journal, Progress progress) {
        this.activations = activations;
        this.corpora = new LinkedHashMap<>(corpora);
        this.work = work;
        this.journal = journal;
        this.progress = progress;
    }

    /**
     * A mask of an arm.
     *
     * @param key the mask
     * @param artefact what the journal calls it
     * @param file where it is, or will be
     * @param units its units
     * @param treatment what is done to them
     */
    record Arm(MaskKey key, String artefact, Path file, UnitMask units, Treatment treatment) {}

    /** Says what the intervention of a mask depends on beyond the mask; empty where it is the treatment's own number. */
    String inputs(Arm arm) {
        if (!(arm.treatment instanceof Treatment.OverTokens treatment))
            return "";
        Fingerprint fingerprint = new Fingerprint().add("treatment", treatment.describe());
        for (String language : languages(arm, treatment))
            fingerprint.add("texts", activations.inputs(language, corpora.get(language)));
        arm.units.units().forEach((point, rows) -> fingerprint.add(point.path(), Arrays.toString(rows)));
        return fingerprint.hex();
    }

    /** The intervention of every mask. */
    Map<MaskKey, MaskIntervention> of(List<Arm> arms) {
        Map<MaskKey, MaskIntervention> interventions = new HashMap<>();
        List<Arm> missing = new ArrayList<>();
        for (Arm arm : arms) {
            if (!(arm.treatment instanceof Treatment.OverTokens))
                interventions.put(arm.key, arm.treatment.fixed());
            else if (journal.finished(arm.artefact, inputs(arm)))
                interventions.put(arm.key, MaskFile.read(arm.file).intervention());
            else
                missing.add(arm);
        }
        if (missing.isEmpty())
            return interventions;
        Map<String, TokenStatistics> statistics = statistics(missing);
        for (Arm arm : missing) {
            Treatment.OverTokens treatment = (Treatment.OverTokens) arm.treatment;
            interventions.put(arm.key,
                    TokenStatistics.intervention(treatment, arm.units, languages(arm, treatment).stream().map(statistics::get).toList()));
        }
        return interventions;
    }

    private List<String> languages(Arm arm, Treatment.OverTokens treatment) {
        return treatment.of().languages(arm.key.mask(), List.copyOf(corpora.keySet()));
    }

    private Map<String, TokenStatistics> statistics(List<Arm> arms) {
        Map<String, UnitMask> units = new LinkedHashMap<>();
        Map<String, UnitMask> kept = new HashMap<>();
        corpora.keySet().forEach(language -> kept.put(language, UnitMask.empty()));
        for (String language : corpora.keySet())
            for (Arm arm : arms) {
                Treatment.OverTokens treatment = (Treatment.OverTokens) arm.treatment;
                if (languages(arm, treatment).contains(language)) {
                    units.merge(language, arm.units, UnitMask::union);
                    if (treatment instanceof Treatment.Percentile)
                        kept.merge(language, arm.units, UnitMask::union);
                }
            }
        Map<String, TokenStatistics> statistics = new HashMap<>();
        units.forEach((language, wanted) -> {
            Path state = work.resolve(language + ".tokens.state.safetensors");
            states.add(state);
            statistics.put(language, activations.collect(language, corpora.get(language), wanted, kept.get(language), state, progress));
        });
        return statistics;
    }

    /** Removes the state of the pass, when the masks are written. */
    void finish() {
        for (Path state : states)
            try {
                Files.deleteIfExists(state);
            } catch (IOException e) {
                throw FileErrors.cannotWrite(state, e);
            }
    }
}
