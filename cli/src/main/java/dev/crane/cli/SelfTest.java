package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.models.CausalLanguageModel;

/**
 * What {@code crane inspect} tries out on a model.
 *
 * @param check what was tried
 * @param passed whether it is as it should be
 * @param detail what was found
 */
record SelfTest(String check, boolean passed, String detail) {
    /** Letters, digits, signs beyond ASCII, another script, what tokenizers cut in different places. */
    private static final String TEXT = "Water boils at 100 °C; 水在100度沸腾。 Nước sôi ở 100 độ.";
    private static final int MOST_TOKENS = 16;

    /** Loads the model and runs a short text through it. */
    static List<SelfTest> of(Path path, int threads, long parameters) {
        List<SelfTest> tests = new ArrayList<>();
        try (CausalLanguageModel model = CausalLanguageModel.load(path, Backends.create("cpu", threads), EngineOptions.DEFAULT)) {
            int[] ids = IntStream.range(0, MOST_TOKENS).map(i -> i % model.spec().vocabulary()).toArray();
            if (model.hasTokenizer()) {
                tests.add(roundTrip(model));
                int[] text = model.tokenizer().encodeWithBos(TEXT);
                ids = IntStream.of(text).limit(MOST_TOKENS).filter(id -> id < model.spec().vocabulary()).toArray();
            }
            tests.add(finiteLogits(model, ids));
            tests.add(parameters(model.spec(), parameters));
        } catch (CraneException e) {
            tests.add(new SelfTest("weights load", false, e.getMessage()));
        }
        return tests;
    }

    private static SelfTest roundTrip(CausalLanguageModel model) {
        int[] ids = model.tokenizer().encodeWithBos(TEXT);
        String back = model.tokenizer().decode(ids, true);
        boolean same = back.strip().equals(TEXT); // some tokenizers put a blank before every text
        return new SelfTest("tokenizer round trip", same, ids.length + " tokens" + (same ? "" : ", and back: " + HeatMap.visible(back)));
    }

    private static SelfTest finiteLogits(CausalLanguageModel model, int[] ids) {
        String name = "finite logits";
        try {
            float[] logits = model.engine().forward(PackedBatch.of(List.of(ids)), ForwardRequest.of(Output.LAST_LOGITS)).logits()
                    .getFirst();
            float least = Float.POSITIVE_INFINITY;
            float largest = Float.NEGATIVE_INFINITY;
            for (float logit : logits) {
                least = Math.min(least, logit);
                largest = Math.max(largest, logit);
            }
            return new SelfTest(name, true, String.format(Locale.ROOT, "%.2f to %.2f after %d tokens", least, largest, ids.length));
        } catch (CraneException e) {
            return new SelfTest(name, false, e.getMessage());
        }
    }

    /** The linear layers, the embedding and a head of its own, which are all but norms and biases. */
    private static SelfTest parameters(DecoderSpec spec, long parameters) {
        long linear = spec.linearWeights();
        boolean once = parameters >= linear && parameters - linear < Math.max(linear / 20,
                64L * spec.layers() * spec.hidden() + 2L * spec.hidden() * spec.maxPositions());
        return new SelfTest(spec.tiedHead() ? "tied weights counted once" : "weights counted", once,
                Inspection.count(linear) + " in matrices"
                        + (spec.tiedHead() ? ", the embedding being the head" : ", embedding and head apart"));
    }
}
