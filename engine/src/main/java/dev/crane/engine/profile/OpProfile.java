package dev.crane.engine.profile;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What was seen, beside what the device can do at most.
 *
 * @param log what was seen
 * @param roofline what the device can do
 */
public record OpProfile(OpLog log, Roofline roofline) {

    private <K extends Comparable<K>> Map<K, OpTotal> totals(Function<OpLog.Key, K> name) {
        Map<K, OpTotal> totals = new LinkedHashMap<>();
        log.sums().forEach((key, sum) -> {
            Work work = new Work(key.work().bytes() * sum.launches, key.work().flop() * sum.launches);
            totals.merge(name.apply(key), new OpTotal(name.apply(key).toString(), sum.launches, sum.micros, work,
                    sum.launches * roofline.leastMicros(key.work())), OpTotal::plus);
        });
        return totals;
    }

    /** Totals by op, the longest first. */
    public List<OpTotal> ops() {
        return sorted(totals(OpLog.Key::op));
    }

    /** Totals by site, all layers together, the longest first. */
    public List<OpTotal> sites() {
        return sorted(totals(OpLog.Key::site));
    }

    /** Totals by layer, from the first; those that belong to none, named −1, come last. */
    public List<OpTotal> layers() {
        return totals(OpLog.Key::layer).entrySet().stream()
                .sorted(Comparator.comparingInt(layer -> layer.getKey() < 0 ? Integer.MAX_VALUE : layer.getKey())).map(Map.Entry::getValue)
                .toList();
    }

    /** Totals by kernel or library product, the longest first, without work, which is not known of them; empty where ops are not made of kernels. */
    public List<OpTotal> kernels() {
        Map<String, OpTotal> totals = new LinkedHashMap<>();
        log.kernels().forEach((kernel, sum) -> totals.put(kernel, new OpTotal(kernel, sum.launches, sum.micros, Work.NONE, 0)));
        return sorted(totals);
    }

    /** All of it. */
    public OpTotal all() {
        return totals(key -> "all").values().stream().findFirst().orElse(new OpTotal("all", 0, 0, Work.NONE, 0));
    }

    private static <K> List<OpTotal> sorted(Map<K, OpTotal> totals) {
        return totals.values().stream().sorted(Comparator.comparingDouble(OpTotal::micros).reversed()).toList();
    }
}
