package dev.crane.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

import dev.crane.engine.Backends;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

/**
 * What captures add to a forward pass: one thread, and the processor time of that thread, since others may use the machine too. In each round every kind of
 * pass runs once, after a plain one of its own, and what is told is the median over the rounds of how much more time it took than that.
 *
 * <p>Arguments: MODEL [SEQUENCES [TOKENS [ROUNDS]]].
 */
public final class CaptureCost {
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
    private static final int WARM_UP = 20;

    private CaptureCost() {
    }

    /** Prints a line for each kind of pass. */
    public static void main(String[] arguments) {
        if (arguments.length == 0) {
            System.err.println("usage: CaptureCost MODEL [SEQUENCES [TOKENS [ROUNDS]]]");
            System.exit(2);
        }
        int sequences = argument(arguments, 1, 8);
        int tokens = argument(arguments, 2, 192);
        int rounds = argument(arguments, 3, 31);
        try (CausalLanguageModel model = CausalLanguageModel.load(Path.of(arguments[0]), Backends.create("cpu", 1),
                EngineOptions.DEFAULT)) {
            Engine engine = model.engine();
            SplittableRandom random = new SplittableRandom(0);
            List<int[]> batch = new ArrayList<>();
            for (int b = 0; b < sequences; b++)
                batch.add(random.ints(tokens, 0, model.spec().vocabulary()).toArray());
            PackedBatch packed = PackedBatch.of(batch);
            System.out.printf(Locale.ROOT, "%s, %d sequences of %d tokens, %s%n", model.name(), sequences, tokens,
                    engine.backend().description());
            Map<String, ForwardRequest> kinds = kinds(model);
            ForwardRequest plain = ForwardRequest.of(Output.NEXT_LOGPROBS);
            Map<String, double[]> ratios = new LinkedHashMap<>();
            List<Double> plainSeconds = new ArrayList<>();
            for (int round = -WARM_UP; round < rounds; round++)
                for (Map.Entry<String, ForwardRequest> kind : kinds.entrySet()) {
                    double without = seconds(engine, packed, plain);
                    double with = seconds(engine, packed, kind.getValue());
                    if (round >= 0) {
                        ratios.computeIfAbsent(kind.getKey(), k -> new double[rounds])[round] = with / without - 1;
                        plainSeconds.add(without);
                    }
                }
            System.out.printf(Locale.ROOT, "plain pass: median %.4f s of processor time%n",
                    plainSeconds.stream().sorted().skip(plainSeconds.size() / 2).findFirst().orElseThrow());
            ratios.forEach((kind, more) -> {
                Arrays.sort(more);
                System.out.printf(Locale.ROOT, "%-66s %+6.1f %%  (quartiles %+.1f to %+.1f)%n", kind, 100 * more[rounds / 2],
                        100 * more[rounds / 4],
                        100 * more[rounds * 3 / 4]);
            });
        }
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    private static double seconds(Engine engine, PackedBatch batch, ForwardRequest request) {
        long begin = CLOCK.getCurrentThreadCpuTime();
        engine.forward(batch, request);
        return (CLOCK.getCurrentThreadCpuTime() - begin) / 1e9;
    }

    private static Map<String, ForwardRequest> kinds(CausalLanguageModel model) {
        Map<String, ForwardRequest> kinds = new LinkedHashMap<>();
        kinds.put("nothing (how exact the measurement is)", request(List.of()));
        for (Reduction reduction : Reduction.values())
            kinds.put(reduction + " of every neuron (mlp.neuron)", request(captures(model, reduction, Site.MLP_NEURON)));
        kinds.put("MEAN of every MLP row (gate, up, down) and neuron",
                request(captures(model, Reduction.MEAN, Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON)));
        kinds.put("all neurons, whole", request(captures(model, null, Site.MLP_NEURON)));
        return kinds;
    }

    private static ForwardRequest request(List<Capture> captures) {
        return new ForwardRequest(Output.NEXT_LOGPROBS, captures, List.of(), null);
    }

    private static List<Capture> captures(CausalLanguageModel model, Reduction reduction, Site... sites) {
        List<Capture> captures = new ArrayList<>();
        for (int layer = 0; layer < model.spec().layers(); layer++)
            for (Site site : sites)
                if (model.spec().units(site) > 0)
                    captures.add(new Capture(new HookPoint(site, layer), reduction));
        return captures;
    }
}
