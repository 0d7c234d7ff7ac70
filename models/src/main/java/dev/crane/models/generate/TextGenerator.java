package dev.crane.models.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.Decoding;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Generated.End;

/** Generates text from prompts, all at once, each under its own interventions; what a prompt gives does not depend on the others. */
public final class TextGenerator {
    private final CausalLanguageModel model;
    private final Set<Integer> stopIds;

    /** A generator that ends a text at the tokens the model's files name. */
    public TextGenerator(CausalLanguageModel model) {
        this(model, modelStopIds(model));
    }

    /** @param stopIds tokens that end a text; may be empty */
    public TextGenerator(CausalLanguageModel model, Set<Integer> stopIds) {
        this.model = model;
        this.stopIds = Set.copyOf(stopIds);
    }

    private static Set<Integer> modelStopIds(CausalLanguageModel model) {
        Set<Integer> ids = new TreeSet<>(model.folder().eosTokenIds());
        if (ids.isEmpty() && model.hasTokenizer())
            model.tokenizer().eosId().ifPresent(ids::add);
        return ids;
    }

    /** Hears of every token as it comes. */
    public interface Listener {
        /**
         * @param prompt index of the prompt
         * @param id the token
         * @param text the text that became whole with it, often empty
         */
        void token(int prompt, int id, String text);
    }

    /**
     * Generates.
     *
     * @param prompts token ids of each prompt, at least one token each
     * @param sampling how tokens are chosen; prompt i draws from the seed's sequence i
     * @param maxNewTokens how many tokens a prompt gets at most
     * @param interventions the distinct sets of interventions in use
     * @param interventionOf for each prompt the index of its set, −1 for none; null: none for all
     * @param listener hears of every token
     * @return for each prompt what was generated
     */
    public List<Generated> generate(List<int[]> prompts, Sampling sampling, int maxNewTokens, List<InterventionSet> interventions,
            int[] interventionOf, Listener listener) {
        return generate(prompts, 0, sampling, maxNewTokens, interventions, interventionOf, listener);
    }

    /**
     * Generates for some of a long list of prompts, as if the whole list were given at once.
     *
     * @param first number of the first prompt in the list: prompt i draws from the seed's sequence first + i
     */
    public List<Generated> generate(List<int[]> prompts, long first, Sampling sampling, int maxNewTokens,
            List<InterventionSet> interventions, int[] interventionOf, Listener listener) {
        if (maxNewTokens < 1)
            throw new CraneException("cannot generate " + maxNewTokens + " tokens; ask for 1 or more");
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++)
            sequences.add(new Sequence(prompts.get(i), new Sampler(sampling, first + i),
                    new TextStream(model.hasTokenizer() ? model.tokenizer() : null)));
        try (Decoding decoding = model.engine().decode(prompts, interventions, interventionOf)) {
            for (boolean growing = true; growing;) {
                growing = false;
                int[] next = new int[prompts.size()];
                Arrays.fill(next, -1);
                for (int i = 0; i < next.length; i++) {
                    Sequence sequence = sequences.get(i);
                    if (sequence.end != null)
                        continue;
                    int id = sequence.choose(decoding.nextLogits(i));
                    String text = sequence.stream.append(id);
                    sequence.end = end(sequence, id, maxNewTokens);
                    listener.token(i, id, sequence.end == null ? text : text + sequence.stream.rest());
                    if (sequence.end == null) {
                        next[i] = id;
                        growing = true;
                    }
                }
                decoding.append(next);
            }
        }
        return sequences.stream().map(s -> new Generated(s.stream.ids(), s.stream.text(), s.end)).toList();
    }

    /** Generates for one prompt, of the unchanged model. */
    public Generated generate(int[] prompt, Sampling sampling, int maxNewTokens) {
        return generate(List.of(prompt), sampling, maxNewTokens, List.of(), null, (i, id, text) -> {
        }).get(0);
    }

    private End end(Sequence sequence, int id, int maxNewTokens) {
        if (stopIds.contains(id))
            return End.STOP;
        if (sequence.stream.ids().length == maxNewTokens)
            return End.LENGTH;
        return sequence.ids.length == model.spec().maxPositions() ? End.CONTEXT : null;
    }

    private static final class Sequence {
        private final Sampler sampler;
        private final TextStream stream;
        private int[] ids;
        private End end;

        Sequence(int[] prompt, Sampler sampler, TextStream stream) {
            this.ids = prompt.clone();
            this.sampler = sampler;
            this.stream = stream;
        }

        int choose(float[] logits) {
            int id = sampler.next(logits, ids);
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = id;
            return id;
        }
    }
}
