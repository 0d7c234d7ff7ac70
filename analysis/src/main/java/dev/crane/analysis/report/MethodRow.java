package dev.crane.analysis.report;

import dev.crane.analysis.metric.SampleMean;
import dev.crane.analysis.report.ReportData.Interval;

/**
 * What the mask that a method made for a language does to a model; of a random control the mean over its seeds.
 *
 * @param model the model it was applied to
 * @param method the method, without the model that the mask was found on
 * @param source the model that the mask was found on
 * @param mask the language it was made for
 * @param seeds how many masks it is the mean of
 * @param units how many units are masked
 * @param own rise of the own language's negative log-likelihood in nats a token, with its spread over seeds
 * @param ownInterval its interval; null of a control with several seeds, or where there is none
 * @param others mean rise of the other languages
 * @param control the method's random control; empty where there is none
 * @param controlRise what that does to the own language
 * @param controlUnits how many units it masks
 * @param versus the rise less the control's; null where they were not compared
 * @param selectivity from 0 to 1, with its spread over seeds
 * @param selectivityInterval its interval, or null
 * @param selectivityVersus the selectivity less the control's, or null
 * @param drop what the own language's tasks lose of their mean accuracy
 * @param otherDrop what the others' lose, on average
 * @param f1 LangSpec-F1, with its spread over seeds
 * @param verdict what may be said of the effect on the own language
 */
public record MethodRow(String model, String method, String source, String mask, int seeds, int units, SampleMean own, Interval ownInterval,
        double others, String control, SampleMean controlRise, int controlUnits, Interval versus, SampleMean selectivity,
        Interval selectivityInterval, Interval selectivityVersus, double drop, double otherDrop, SampleMean f1, Verdict verdict) {
    /** Whether the mask was found on the model that it is applied to. */
    public boolean isOwn() {
        return source.equals(model);
    }
}
