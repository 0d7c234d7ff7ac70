package dev.crane.analysis;

import dev.crane.analysis.mask.MaskedModel;
import dev.crane.models.CausalLanguageModel;

/**
 * Which model results are of, and what computed them.
 *
 * @param name the folder's name
 * @param hash of its weights and configuration
 * @param tokenizerHash of its {@code tokenizer.json}; empty where there is none
 * @param backend the name of the backend
 */
public record ModelIdentity(String name, String hash, String tokenizerHash, String backend) {
    /** Of a model that is loaded. */
    public static ModelIdentity of(CausalLanguageModel model) {
        return new ModelIdentity(model.name(), model.hash(), model.folder().tokenizer().map(Fingerprint::of).orElse(""),
                model.engine().backend().name());
    }

    /** As masks name it. */
    public static MaskedModel masked(CausalLanguageModel model) {
        return MaskedModel.of(model.name(), model.hash(), model.spec());
    }
}
