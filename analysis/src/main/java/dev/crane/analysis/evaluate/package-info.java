/** Measuring a model, unchanged and under masks: perplexity of texts, accuracy on multiple-choice tasks. */
package dev.crane.analysis.evaluate;
