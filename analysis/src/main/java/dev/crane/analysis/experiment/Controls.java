package dev.crane.analysis.experiment;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which random control each method is held against. */
public final class Controls {
    private static final String RANDOM = "random";
    private static final char SOURCE = '@';

    private final Map<String, String> controls;

    private Controls(Map<String, String> controls) {
        this.controls = controls;
    }

    /**
     * The controls of an experiment: of each method the one that was drawn to match it, and of several the one that does the same to its units, and matches hook
     * point by hook point rather than uniformly; where none was drawn to match it, the best of the others by the same measure.
     */
    public static Controls of(List<MethodEntry> methods) {
        Map<String, String> controls = new LinkedHashMap<>();
        for (MethodEntry method : methods) {
            if (method instanceof MethodEntry.Random)
                continue;
            MethodEntry.Random best = null;
            for (MethodEntry entry : methods)
                if (entry instanceof MethodEntry.Random random && (best == null || fit(random, method) > fit(best, method)))
                    best = random;
            if (best != null)
                controls.put(method.label(), best.label());
        }
        return new Controls(controls);
    }

    private static int fit(MethodEntry.Random random, MethodEntry method) {
        return (random.like().equals(method.label()) ? 4 : 0) + (random.treatment().equals(method.treatment()) ? 2 : 0)
                + (random.uniform() ? 0 : 1);
    }

    /** The controls among masks that are known by name alone: the first method whose name begins with {@code random} is that of all others. */
    public static Controls among(List<MaskKey> keys) {
        Set<String> labels = keys.stream().filter(key -> !key.equals(MaskKey.UNMASKED)).map(key -> label(key.method()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        Map<String, String> controls = new LinkedHashMap<>();
        labels.stream().filter(label -> label.startsWith(RANDOM)).findFirst()
                .ifPresent(control -> labels.stream().filter(label -> !label.startsWith(RANDOM))
                        .forEach(label -> controls.put(label, control)));
        return new Controls(controls);
    }

    /** The control of a method; of masks from another model ({@code METHOD@SOURCE}) the one from that model. Empty for a control itself. */
    Optional<String> of(String method) {
        String label = label(method);
        return Optional.ofNullable(controls.get(label)).map(control -> control + method.substring(label.length()));
    }

    private static String label(String method) {
        int source = method.lastIndexOf(SOURCE);
        return source < 0 ? method : method.substring(0, source);
    }
}
