package dev.crane.analysis.harness;

import java.util.ArrayList;
import java.util.List;

import dev.crane.analysis.table.Row;
import dev.crane.engine.CraneException;

/** Chooses the examples that stand before a question; questions must be asked for in their order, for one sequence of draws serves them all. */
final class FewShot {
    private final List<Row> pool;
    private final boolean first;
    private final boolean exclude;
    private final PythonRandom random;
    private final String where;

    /**
     * @param pool what is chosen from
     * @param first whether the first ones are taken, always
     * @param exclude whether the question itself may be in the pool, and must not be an example
     * @param where for messages
     */
    FewShot(List<Row> pool, boolean first, boolean exclude, long seed, String where) {
        this.pool = pool;
        this.first = first;
        this.exclude = exclude;
        this.random = new PythonRandom(seed);
        this.where = where;
    }

    /** As many examples as asked for. */
    List<Row> examples(int count, Row question) {
        if (count == 0)
            return List.of();
        int needed = exclude && !first ? count + 1 : count;
        if (pool.size() < needed)
            throw tooFew(count, pool.size());
        if (first) {
            List<Row> taken = new ArrayList<>();
            for (int i = 0; i < pool.size() && taken.size() < count; i++)
                if (!(exclude && same(pool.get(i), question)))
                    taken.add(pool.get(i));
            if (taken.size() < count)
                throw tooFew(count, taken.size());
            return taken;
        }
        if (!exclude)
            return random.sample(pool, count);
        List<Row> drawn = random.sample(pool, count + 1).stream().filter(row -> !same(row, question)).limit(count).toList();
        if (drawn.size() == count)
            return drawn;
        List<Row> others = pool.stream().filter(row -> !same(row, question)).toList();
        if (others.size() < count)
            throw tooFew(count, others.size());
        return random.sample(others, count);
    }

    private static boolean same(Row a, Row b) {
        return a.values().equals(b.values());
    }

    private CraneException tooFew(int count, int there) {
        return new CraneException(where + ": " + count + " examples are asked for, and there are " + there + " rows to choose from");
    }
}
