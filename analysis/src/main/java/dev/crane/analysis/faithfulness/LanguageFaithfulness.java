package dev.crane.analysis.faithfulness;

import java.util.List;

import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.engine.hook.HookPoint;

/**
 * What was measured in one language.
 *
 * @param model the model's name
 * @param language the language
 * @param pool how many units there are
 * @param tokens how many tokens of held-out text are predicted
 * @param unmasked nats a token of the whole model
 * @param ablated nats a token with every unit of the pool set to zero
 * @param curves one for each order, random ones last
 * @param areas one for each order that is not random, then one of all random ones
 * @param effects units that were zeroed one by one
 * @param agreements of what is predicted with what was measured, one for each prediction
 */
public record LanguageFaithfulness(String model, String language, int pool, int tokens, double unmasked, double ablated,
        List<OrderCurve> curves, List<Area> areas, List<UnitEffect> effects, List<Agreement> agreements) {
    /**
     * How much better an order is than random ones ({@link OrderCurve#areaBetween}).
     *
     * @param order its name
     * @param deletion the area between its deletion curve and the mean random one; above 0: what it deletes first matters more
     * @param insertion the same of insertion; above 0: what it keeps first helps more
     * @param deletionSd of random orders: the standard deviation of their areas over seeds (their mean is 0); else NaN
     * @param insertionSd the same of insertion
     */
    public record Area(String order, double deletion, double insertion, double deletionSd, double insertionSd) {}

    /**
     * What zeroing one unit does.
     *
     * @param point where
     * @param unit which
     * @param measured rise of the negative log-likelihood in nats a token
     * @param predicted what each prediction says, in the order of {@link #agreements}
     */
    public record UnitEffect(HookPoint point, int unit, double measured, List<Double> predicted) {}

    /**
     * How well a prediction agrees with what was measured, over the units that were zeroed one by one.
     *
     * @param prediction {@code gradient.mean-logprob.relevance}: a mean of relevance over the same tokens, or {@code activation.mean-abs}
     * @param pearson Pearson's r with its bootstrap interval over units
     * @param spearman Spearman's ρ with its bootstrap interval over units
     */
    public record Agreement(String prediction, PairedBootstrap.Estimate pearson, PairedBootstrap.Estimate spearman) {}
}
