package dev.crane.cli;

import java.nio.file.Path;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Backend;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.ModelFolder;

/** Which model, and how it runs; a {@link Mixin} of every command that runs one. */
final class ModelOptions {
    @Option(names = {"-m", "--model"}, required = true, paramLabel = "DIR",
            description = "Model folder: config.json, safetensors files and tokenizer.json or tokenizer.model.")
    private Path path;

    @Mixin
    private BackendOptions backend;

    /** The folder. */
    Path path() {
        return path;
    }

    /** How it runs. */
    BackendOptions backend() {
        return backend;
    }

    /** Loads the model and starts its backend; to be closed. */
    CausalLanguageModel load() {
        ModelFolder.open(path); // a mistyped folder is told before threads or a device are started
        Backend started = backend.start();
        return CausalLanguageModel.load(path, started, EngineOptions.DEFAULT);
    }
}
