package dev.crane.analysis.exchange;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.torch.TorchFile;
import dev.crane.models.torch.TorchTensor;

/**
 * Neuron files as LAPE's authors publish them ({@code LLaMA-2-7B.neuron.pth} of github.com/RUCAIBox/Language-Specific-Neurons): a list over languages of
 * lists over layers of the indices of the language's neurons in the layer's MLP; or such a dictionary by language. What they set to zero is the
 * activation, SiLU(gate) or of a model without a gate the activation of the first layer. That is what the rows of the gate projection (of the first
 * layer) do that are zero, since SiLU(0), GELU(0) and ReLU(0) are: so masks name these rows.
 */
public final class LapeNeurons {
    /** The order in the files that LAPE's authors publish. */
    public static final List<String> PUBLISHED = List.of("en", "zh", "fr", "es", "vi", "id", "ja");

    private LapeNeurons() {
    }

    /** The site that neurons are rows of, where the user names none. */
    public static Site site(DecoderSpec spec) {
        return spec.mlp().gated() ? Site.MLP_GATE : Site.MLP_UP;
    }

    /**
     * Reads masks, one a language.
     *
     * @param languages in the file's order; empty for a file that names them
     * @param site the site whose units the neurons are
     * @throws CraneException one line that says what is wrong with the file, or does not fit the model
     */
    public static Map<String, MaskFile> read(Path file, List<String> languages, MaskedModel model, DecoderSpec spec, Site site) {
        if (spec.units(site) != spec.mlp().intermediate())
            throw new CraneException(site.label() + " has " + spec.units(site) + " units, not one for each of the MLP's "
                    + spec.mlp().intermediate() + " neurons");
        Map<String, Object> named = named(file, TorchFile.read(file), languages);
        String hash = Fingerprint.of(file);
        Map<String, MaskFile> masks = new LinkedHashMap<>();
        named.forEach((language, layers) -> {
            if (!LanguageStatistics.isLanguage(language))
                throw new CraneException(
                        FileErrors.quote(language) + " is no short name of a language: use letters, digits, '-', '_' and '.'");
            masks.put(language, new MaskFile(model, mask(file, language, layers, spec, site), new TreeMap<>(Map.of("method", "lape",
                    "language", language, "imported", file.getFileName().toString(), "imported_hash", hash))));
        });
        return masks;
    }

    private static Map<String, Object> named(Path file, Object whole, List<String> languages) {
        Map<String, Object> named = new LinkedHashMap<>();
        if (whole instanceof Map<?, ?> map) {
            if (!languages.isEmpty())
                throw new CraneException(file + ": names its languages itself; leave --languages out");
            map.forEach((language, layers) -> named.put(String.valueOf(language), layers));
            return named;
        }
        if (!(whole instanceof List<?> list) || list.isEmpty())
            throw new CraneException(file + ": holds no list of languages");
        if (list.size() != languages.size())
            throw new CraneException(file + ": holds " + list.size() + " languages" + (languages.isEmpty()
                    ? " and does not name them; give their names in its order, --languages "
                            + (list.size() == PUBLISHED.size() ? String.join(",", PUBLISHED) + " for what LAPE's authors publish" : "A,B,…")
                    : ", and --languages names " + languages.size()));
        for (int i = 0; i < list.size(); i++)
            if (named.put(languages.get(i), list.get(i)) != null)
                throw new CraneException("--languages names " + languages.get(i) + " twice");
        return named;
    }

    private static UnitMask mask(Path file, String language, Object layers, DecoderSpec spec, Site site) {
        if (!(layers instanceof List<?> list))
            throw new CraneException(file + ": holds no list of layers for " + language);
        if (list.size() != spec.layers())
            throw new CraneException(file + ": has " + list.size() + " layers for " + language + ", the model has " + spec.layers());
        Map<HookPoint, int[]> units = new TreeMap<>();
        for (int layer = 0; layer < list.size(); layer++) {
            if (!(list.get(layer) instanceof TorchTensor tensor) || tensor.length() > spec.units(site))
                throw new CraneException(file + ": layer " + layer + " of " + language + " is no vector of at most " + spec.units(site)
                        + " neurons");
            long[] sorted = Arrays.stream(tensor.longs()).sorted().toArray();
            for (int i = 0; i < sorted.length; i++)
                if (sorted[i] < 0 || sorted[i] >= spec.units(site) || (i > 0 && sorted[i] == sorted[i - 1]))
                    throw new CraneException(file + ": layer " + layer + " of " + language + " names neuron " + sorted[i]
                            + (i > 0 && sorted[i] == sorted[i - 1] ? " twice" : "; the model has neurons 0 to " + (spec.units(site) - 1)));
            if (sorted.length > 0)
                units.put(spec.point(site, layer), Arrays.stream(sorted).mapToInt(Math::toIntExact).toArray());
        }
        return UnitMask.of(units);
    }
}
