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
     * The controls of an experiment: of each method the one that was drawn to match it (hook point by hook point rather than uniformly), and where there is
     * none, the experiment's first.
     */
    public static Controls of(List<MethodEntry> methods) {
        List<MethodEntry.Random> random = methods.stream().filter(MethodEntry.Random.class::isInstance).map(MethodEntry.Random.class::cast)
                .toList();
        Map<String, String> controls = new LinkedHashMap<>();
        for (MethodEntry method : methods)
            if (!(method instanceof MethodEntry.Random))
                random.stream().filter(one -> one.like().equals(method.label()) && !one.uniform()).findFirst()
                        .or(() -> random.stream().filter(one -> one.like().equals(method.label())).findFirst())
                        .or(() -> random.stream().findFirst()).ifPresent(one -> controls.put(method.label(), one.label()));
        return new Controls(controls);
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
