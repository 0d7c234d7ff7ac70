package dev.crane.cli;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.EnumSet;

import com.sun.management.OperatingSystemMXBean;

import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.MemoryPlan;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static dev.crane.cli.Inspection.bytes;
import static dev.crane.cli.Inspection.count;

/**
 * The memory that passes of a model take, in bytes; see {@link MemoryPlan}. Relevance is that of the MLP's gate, up, neuron and down units.
 *
 * @param weights as they are stored
 * @param forwardPerToken activations of a forward pass
 * @param relevancePerToken activations of a relevance pass
 * @param checkpointedPerToken activations of a relevance pass that computes layers twice
 * @param cachePerToken keys and values of a token while text is generated
 * @param activationLimit what a pass may take; larger batches are run in parts
 * @param relevanceTokens tokens that a relevance pass takes at once within the limit
 * @param machine memory of this machine
 * @param heap the most that the Java heap may take, where activations lie
 */
record ModelMemory(long weights, long forwardPerToken, long relevancePerToken, long checkpointedPerToken, long cachePerToken,
        long activationLimit, long relevanceTokens, long machine, long heap) {
    static ModelMemory of(DecoderSpec spec, long weights) {
        MemoryPlan plan = new MemoryPlan(spec, EngineOptions.DEFAULT.activationBytes());
        EnumSet<Site> sites = EnumSet.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_NEURON, Site.MLP_DOWN);
        sites.removeIf(site -> spec.units(site) == 0);
        RelevanceRequest relevance = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.of(Score.RELEVANCE), sites);
        return new ModelMemory(weights, plan.forwardBytesPerToken(ForwardRequest.of(Output.NEXT_LOGPROBS)),
                plan.relevanceBytesPerToken(relevance), plan.checkpointedBytesPerToken(relevance), plan.cacheBytesPerToken(),
                plan.activationBytes(), plan.tokensPerPart(relevance),
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize(), Runtime.getRuntime().maxMemory());
    }

    void print(PrintWriter out) {
        out.println();
        out.println("memory");
        Table table = new Table().text("").number("a token").number("4,096 tokens");
        row(table, "forward pass", forwardPerToken);
        row(table, "relevance pass", relevancePerToken);
        row(table, "relevance pass, layers computed twice", checkpointedPerToken);
        row(table, "generated text (keys and values)", cachePerToken);
        table.print(out);
        out.println("  Weights take %s as stored. A pass takes %s of activations at most: %s tokens of relevance at once.".formatted(
                bytes(weights), bytes(activationLimit), count(relevanceTokens)));
        out.println("  This machine has %s, of which the Java heap may take %s.%s".formatted(bytes(machine), bytes(heap), advice()));
    }

    private String advice() {
        if (weights + activationLimit > machine)
            return " That is less than weights and activations together: expect it to be slow.";
        return heap < activationLimit * 3 / 2
                ? " That is little for these activations; CRANE_JAVA_OPTIONS=-Xmx… moves it."
                : "";
    }

    private static void row(Table table, String what, long perToken) {
        table.row("  " + what, bytes(perToken), bytes(4096 * perToken));
    }
}
