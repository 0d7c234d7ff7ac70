package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * A multiple-choice question.
 *
 * @param line its line in the task's file, from 0
 * @param context what comes before the choices; may be empty
 * @param choices what may follow; at least one
 * @param answer index of the right one
 */
public record ChoiceItem(int line, String context, List<String> choices, int answer) {}
