/** Model folders as they are on the hub: safetensors, configurations, tokenizers. */
module dev.crane.models {
    requires transitive dev.crane.engine;
    requires tools.jackson.databind;

    exports dev.crane.models;
    exports dev.crane.models.chat;
    exports dev.crane.models.config;
    exports dev.crane.models.export;
    exports dev.crane.models.family;
    exports dev.crane.models.generate;
    exports dev.crane.models.hooks;
    exports dev.crane.models.jinja;
    exports dev.crane.models.json;
    exports dev.crane.models.random;
    exports dev.crane.models.safetensors;
    exports dev.crane.models.tokenizer;
    exports dev.crane.models.torch;
}
