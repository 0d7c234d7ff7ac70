package dev.crane.cli;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

import dev.crane.analysis.collect.Quantity;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;

/** {@code crane activations}: what units do on texts of each language, for the methods that look at activations. */
@Command(name = "activations", description = "Measure what every unit does on texts of each language and keep the statistics.",
        footer = {"",
                "One forward pass gives all of --values, reduced over the tokens of a sample:",
                "  mean, mean-abs, max   of the unit's value",
                "  count-positive        tokens with a value above 0 (lape, activation-frequency)",
                "  norm                  square root of the sum of squares",
                "  contribution          norm of what a neuron of mlp.neuron adds to the residual stream (plnd)", "",
                "Writes activation.VALUE/LANG.stats.safetensors (contribution/… for the last), and LANG.samples.safetensors beside it with",
                "--per-sample (needed by plnd and average-precision), to --out. Interrupted, it goes on where it was.", "", "Example:",
                "  crane activations -m models/babel-base --corpus en=models/corpora/en.identify.jsonl --samples 128 --out activations"})
final class ActivationsCommand implements Callable<Integer> {
    @ParentCommand
    private Crane crane;

    @Mixin
    private CollectOptions collect;

    @Option(names = "--values", paramLabel = "VALUE", split = ",",
            description = "What to keep. Default: mean, mean-abs, count-positive, contribution.")
    private List<String> values = List.of("mean", "mean-abs", "count-positive", "contribution");

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",",
            description = "Units to look at ('crane inspect --hooks' lists them); contributions are those of mlp.neuron. "
                    + "Default: mlp.act, mlp.neuron.")
    private List<String> units = List.of("mlp.act", "mlp.neuron");

    @Override
    public Integer call() {
        Set<Site> sites = CollectOptions.sites(units);
        SequencedMap<Quantity, Set<Site>> quantities = new LinkedHashMap<>();
        for (String value : values) {
            Quantity quantity = quantity(value);
            quantities.put(quantity, quantity instanceof Quantity.Contribution ? Set.of(Site.MLP_NEURON) : sites);
        }
        Map<Quantity, String> folders = new HashMap<>();
        quantities.keySet().forEach(quantity -> folders.put(quantity, quantity.label()));
        collect.gather(quantities, folders, false, crane);
        return ExitStatus.OK;
    }

    private static Quantity quantity(String value) {
        Quantity.Contribution contribution = new Quantity.Contribution();
        if (value.equals(contribution.name()))
            return contribution;
        for (Reduction reduction : Reduction.values())
            if (new Quantity.Activation(reduction).name().equals(value))
                return new Quantity.Activation(reduction);
        throw new CraneException("--values " + value + ": the values are mean, mean-abs, max, count-positive, norm, contribution");
    }
}
