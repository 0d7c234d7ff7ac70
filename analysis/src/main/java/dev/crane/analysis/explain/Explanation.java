package dev.crane.analysis.explain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.TextStream;
import dev.crane.models.tokenizer.Tokenizer;

/**
 * What a number that the model computes from a text owes to each of its tokens: relevance, the sum over the token's embedding of value × modified
 * gradient.
 *
 * @param model name of the model
 * @param mask what the model was masked with; null for nothing
 * @param rule how the backward pass was modified
 * @param target the number that is explained
 * @param value the number
 * @param tokens the text
 * @param predictions the most likely next tokens, most likely first
 */
public record Explanation(String model, String mask, String rule, String target, float value, List<Token> tokens,
        List<Prediction> predictions) {
    /** Stands for a token that is a part of a character which a later token completes. */
    public static final String PART = "◌";

    /** How many next tokens are named. */
    private static final int PREDICTIONS = 10;

    /** Copies the lists. */
    public Explanation {
        tokens = List.copyOf(tokens);
        predictions = List.copyOf(predictions);
    }

    /**
     * A token of the text.
     *
     * @param id its id
     * @param text what it adds to the text; a special token's name; {@link #PART}
     * @param special whether it stands for no text
     * @param relevance what the target owes to it
     * @param logprob its log-probability given the tokens before it (natural log); null for the first
     */
    public record Token(int id, String text, boolean special, float relevance, Float logprob) {}

    /**
     * A token that may come next.
     *
     * @param id its id
     * @param text what it would add to the text
     * @param probability in [0, 1]
     */
    public record Prediction(int id, String text, double probability) {}

    /**
     * Explains a text.
     *
     * @param ids the text's token ids, at least one
     * @param mask name of the interventions; null where there are none
     * @param interventions one set, or none
     * @throws CraneException if the text is too long for the model or too short for the target
     */
    public static Explanation of(CausalLanguageModel model, int[] ids, Rule rule, Target target, String mask,
            List<InterventionSet> interventions) {
        if (ids.length > model.spec().maxPositions())
            throw new CraneException("the text has " + ids.length + " tokens, and the model reads at most " + model.spec().maxPositions()
                    + "; shorten it");
        PackedBatch batch = PackedBatch.of(List.of(ids));
        int[] interventionOf = interventions.isEmpty() ? null : new int[1];
        RelevanceResult relevance = model.engine().relevance(batch,
                new RelevanceRequest(rule, target, Set.of(), Set.of(), true, interventions, interventionOf));
        if (Float.isNaN(relevance.targets()[0]))
            throw new CraneException("the target " + target.label() + " is not defined for this text of " + ids.length
                    + " token(s); give a longer text or other positions");
        float[] logprobs = model.engine().forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS, interventions, interventionOf)).logprobs()
                .getFirst();
        float[] logits = model.engine().forward(batch, ForwardRequest.of(Output.LAST_LOGITS, interventions, interventionOf)).logits()
                .getFirst();
        return new Explanation(model.name(), mask, rule.name(), target.label(), relevance.targets()[0],
                tokens(model.tokenizer(), ids, relevance.tokenRelevance().getFirst(), logprobs),
                predictions(model.tokenizer(), ids, logits));
    }

    /** Σ relevance over the tokens: the target, where the rule conserves it. */
    public double sum() {
        return tokens.stream().mapToDouble(Token::relevance).sum();
    }

    /** Σ relevance without the first token, onto which some models drain a large part. */
    public double sumWithoutFirst() {
        return tokens.stream().skip(1).mapToDouble(Token::relevance).sum();
    }

    /**
     * The relevance that is shaded most: the largest in size, the first token left out where there are others, since it would often drown them.
     */
    public double scale() {
        return tokens.stream().skip(tokens.size() > 1 ? 1 : 0).mapToDouble(token -> Math.abs(token.relevance)).max().orElse(0);
    }

    private static List<Token> tokens(Tokenizer tokenizer, int[] ids, float[] relevance, float[] logprobs) {
        List<Token> tokens = new ArrayList<>();
        List<String> texts = texts(tokenizer, ids);
        for (int t = 0; t < ids.length; t++)
            tokens.add(new Token(ids[t], texts.get(t), isNamed(tokenizer, ids[t]), relevance[t], t == 0 ? null : logprobs[t - 1]));
        return tokens;
    }

    /** What each token of a text is shown as: what it adds to the text, a special token's name, or {@link #PART}. */
    public static List<String> texts(Tokenizer tokenizer, int[] ids) {
        List<String> texts = new ArrayList<>();
        TextStream stream = new TextStream(tokenizer);
        for (int t = 0; t < ids.length; t++)
            texts.add(text(tokenizer, stream, ids[t], t == ids.length - 1));
        return texts;
    }

    private static String text(Tokenizer tokenizer, TextStream stream, int id, boolean last) {
        String text = stream.append(id);
        if (isNamed(tokenizer, id))
            return name(tokenizer, id);
        if (text.isEmpty() && last)
            return stream.rest();
        return text.isEmpty() ? PART : text;
    }

    /** Whether a token stands for no text, so that its name is shown. */
    private static boolean isNamed(Tokenizer tokenizer, int id) {
        return tokenizer.isSpecial(id) || !tokenizer.hasToken(id);
    }

    private static String name(Tokenizer tokenizer, int id) {
        return tokenizer.hasToken(id) ? tokenizer.token(id) : "[" + id + "]";
    }

    private static List<Prediction> predictions(Tokenizer tokenizer, int[] ids, float[] logits) {
        double largest = IntStream.range(0, logits.length).mapToDouble(id -> logits[id]).max().orElseThrow();
        double sum = IntStream.range(0, logits.length).mapToDouble(id -> Math.exp(logits[id] - largest)).sum();
        return IntStream.range(0, logits.length).boxed().sorted(Comparator.comparingDouble((Integer id) -> -logits[id])).limit(PREDICTIONS)
                .map(id -> new Prediction(id, next(tokenizer, ids, id), Math.exp(logits[id] - largest) / sum)).toList();
    }

    /** What {@code id} would add; a part of a character is shown as {@link #PART}. */
    private static String next(Tokenizer tokenizer, int[] ids, int id) {
        if (isNamed(tokenizer, id))
            return name(tokenizer, id);
        int[] longer = Arrays.copyOf(ids, ids.length + 1);
        longer[ids.length] = id;
        String before = tokenizer.decode(ids, true).replaceFirst("\uFFFD+\\z", ""); // a part of a character that the token may complete
        String after = tokenizer.decode(longer, true);
        String added = after.startsWith(before) ? after.substring(before.length()) : after;
        return added.isEmpty() || added.endsWith("\uFFFD") ? PART : added;
    }
}
