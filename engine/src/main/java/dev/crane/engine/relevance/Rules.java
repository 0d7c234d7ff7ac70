package dev.crane.engine.relevance;

import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.CraneException;

/** The rules that this process knows by name. */
public final class Rules {
    private Rules() {
    }

    /** All of them, those of this build first. */
    public static List<Rule> all() {
        return new ArrayList<>(Rule.BUILT_IN);
    }

    /** The rule of this name; an unknown one is a user's error. */
    public static Rule named(String name) {
        for (Rule rule : all())
            if (rule.name().equals(name))
                return rule;
        throw new CraneException(
                "unknown relevance rule '" + name + "'; the rules are " + String.join(", ", all().stream().map(Rule::name).toList()));
    }
}
