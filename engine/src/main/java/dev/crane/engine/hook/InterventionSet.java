package dev.crane.engine.hook;

import java.util.List;

/**
 * The interventions that one sequence runs with. Each unit of a hook point may be named once, or once at each position. The arrays within are not to be
 * changed afterwards: what is compiled from a set is kept for later passes.
 *
 * @param name for messages: a mask's file name, say
 * @param interventions the changes
 */
public record InterventionSet(String name, List<Intervention> interventions) {}
