package dev.crane.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.experiment.ScoreSettings;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/** {@code crane relevance}: scores of every unit on texts of each language, kept as statistics. */
@Command(name = "relevance", description = "Score every unit on texts of each language and keep the statistics.", footer = {"",
        "Writes LANG.stats.safetensors, and LANG.samples.safetensors with --per-sample, to --out. Interrupted, it goes on where it was.",
        "",
        "Example:", "  crane relevance -m models/babel-base --corpus en=models/corpora/en.identify.jsonl --samples 128 --units mlp.neuron "
                + "--out stats"})
final class RelevanceCommand implements Callable<Integer> {
    @ParentCommand
    private Crane crane;

    @Mixin
    private CollectOptions collect;

    @Option(names = {"-r", "--rule"}, paramLabel = "RULE", defaultValue = "attnlrp",
            description = "How backward is modified: attnlrp, cp-lrp, gradient, grad-x-act, lrp-epsilon, lrp-gamma, or a rule of your own ('crane rule list'). Default: ${DEFAULT-VALUE}.")
    private String rule;

    @Mixin
    private RulePathOption rulePath;

    @Option(names = {"-s", "--score"}, paramLabel = "SCORE", defaultValue = "relevance",
            description = "relevance, or row-gradient (what the CRANE authors' scripts compute). Default: ${DEFAULT-VALUE}.")
    private String score;

    @Option(names = {"-t", "--target"}, paramLabel = "TARGET", defaultValue = "mean-logit",
            description = "What backward starts from: mean-logit, mean-logprob, last-logit, contrastive, positions:P,P, logit:P:TOKEN:TOKEN. Default: ${DEFAULT-VALUE}.")
    private String target;

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",",
            description = "Units to score: mlp.gate, mlp.up, mlp.down, mlp.neuron, attn.q, attn.head, ... ('crane inspect --hooks' lists them). "
                    + "Default: the four of the MLP.")
    private List<String> units = List.of();

    @Option(names = "--ledger",
            description = "Also write LANG.ledger.json: where the relevance goes, layer by layer, mean over the first "
                    + CollectOptions.LEDGER_SAMPLES
                    + " samples.")
    private boolean ledger;

    @Override
    public Integer call() {
        rulePath.load();
        Quantity quantity = new Quantity.Relevance(Rule.named(rule), Target.named(target), Score.named(score));
        collect.gather(new LinkedHashMap<>(Map.of(quantity, sites())), Map.of(quantity, ""), ledger, crane);
        return ExitStatus.OK;
    }

    private Set<Site> sites() {
        Set<Site> sites = new TreeSet<>(units.isEmpty() ? ScoreSettings.UNITS : CollectOptions.sites(units));
        if (units.isEmpty() && Score.named(score) == Score.ROW_GRADIENT)
            sites.removeIf(site -> !site.isLinear());
        return sites;
    }
}
