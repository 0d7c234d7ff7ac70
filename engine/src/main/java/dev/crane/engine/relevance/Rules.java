package dev.crane.engine.relevance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

import dev.crane.engine.CraneException;

/**
 * The rules that this process knows by name: those of this build, those that a {@link ServiceLoader} finds on the class path, those in the folders that
 * {@link #search} was told.
 */
public final class Rules {
    private static List<FoundRule> found = List.of();

    private Rules() {
    }

    /**
     * Loads the rules of these folders and jars, in place of those of an earlier call. What is wrong with one of them is told when that one is asked for.
     *
     * @throws CraneException if a folder is not there or cannot be read
     */
    public static synchronized void search(List<Path> folders) {
        Set<String> taken = new HashSet<>(Rule.BUILT_IN.stream().map(Rule::name).toList());
        List<FoundRule> all = new ArrayList<>();
        List<FoundRule> candidates = new ArrayList<>(services());
        for (Path folder : folders)
            candidates.addAll(new RuleFolder(folder).load());
        for (FoundRule candidate : candidates) {
            if (candidate.rule() == null || taken.add(candidate.rule().name()))
                all.add(candidate);
            else
                all.add(FoundRule.failed(candidate.origin(), new CraneException(candidate.origin() + ": there is another rule of the name '"
                        + candidate.rule().name() + "'; give this one another")));
        }
        found = List.copyOf(all);
    }

    /** The users' rules, and what is wrong with those that cannot be used. */
    public static synchronized List<FoundRule> found() {
        if (found.isEmpty())
            search(List.of());
        return found;
    }

    /** All rules that can be used, those of this build first. */
    public static List<Rule> all() {
        List<Rule> all = new ArrayList<>(Rule.BUILT_IN);
        found().stream().filter(each -> each.rule() != null).forEach(each -> all.add(each.rule()));
        return all;
    }

    /** The rule of this name; an unknown one is a user's error, which tells of those that could not be loaded too. */
    public static Rule named(String name) {
        for (Rule rule : all())
            if (rule.name().equals(name))
                return rule;
        List<FoundRule> failed = found().stream().filter(each -> each.failure() != null).toList();
        for (FoundRule each : failed)
            if (each.origin().toLowerCase(Locale.ROOT).contains(name.replace("-", "")))
                throw each.failure();
        throw new CraneException("unknown relevance rule '" + name + "'; the rules are "
                + all().stream().map(Rule::name).collect(Collectors.joining(", "))
                + (failed.isEmpty()
                        ? ""
                        : "; not usable: " + failed.stream().map(each -> each.failure().getMessage()).collect(Collectors.joining("; "))));
    }

    private static List<FoundRule> services() {
        List<FoundRule> rules = new ArrayList<>();
        var providers = ServiceLoader.load(Rule.class).iterator();
        while (true) {
            try {
                if (!providers.hasNext())
                    return rules;
                Rule rule = providers.next();
                rules.add(service(rule));
            } catch (ServiceConfigurationError e) {
                rules.add(FoundRule.failed("service",
                        new CraneException("a relevance rule on the class path cannot be used: " + e.getMessage(), e)));
            }
        }
    }

    private static FoundRule service(Rule rule) {
        Class<?> type = rule.getClass();
        String origin = type.getName();
        try {
            for (String ending : RuleFolder.deviceEndings()) {
                String file = type.getSimpleName() + ending;
                byte[] text = resource(type, file);
                byte[] twin = resource(type, type.getName().substring(type.getName().lastIndexOf('.') + 1) + ".class");
                if (text != null)
                    return FoundRule.of(RuleFolder.of(rule, new DeviceFunctions(file, new String(text, StandardCharsets.UTF_8)), origin,
                            twin == null ? List.of() : List.of(twin)));
            }
            return FoundRule.failed(origin, new CraneException(
                    origin + ": has no device functions; put " + type.getSimpleName() + ".cuh beside the class in its jar"));
        } catch (CraneException e) {
            return FoundRule.failed(origin, e);
        } catch (IOException e) {
            return FoundRule.failed(origin, new CraneException(origin + ": cannot be read: " + e.getMessage(), e));
        }
    }

    private static byte[] resource(Class<?> type, String name) throws IOException {
        try (InputStream in = type.getResourceAsStream(name)) {
            return in == null ? null : in.readAllBytes();
        }
    }
}
