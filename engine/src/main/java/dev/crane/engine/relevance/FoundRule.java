package dev.crane.engine.relevance;

import dev.crane.engine.CraneException;

/**
 * What was found where users' rules lie: a rule, or why there is none.
 *
 * @param origin its file
 * @param rule the rule, or null
 * @param failure what is wrong with it: one line; null where there is a rule
 */
public record FoundRule(String origin, UserRule rule, CraneException failure) {
    static FoundRule of(UserRule rule) {
        return new FoundRule(rule.origin(), rule, null);
    }

    static FoundRule failed(String origin, CraneException failure) {
        return new FoundRule(origin, null, failure);
    }
}
