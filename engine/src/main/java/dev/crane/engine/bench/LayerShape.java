package dev.crane.engine.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.CraneException;

/**
 * The sizes of a layer and its vocabulary.
 *
 * @param hidden width of the residual stream
 * @param intermediate width of the MLP
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of a head
 * @param vocabulary tokens
 */
public record LayerShape(int hidden, int intermediate, int heads, int kvHeads, int headDim, int vocabulary) {
    private static final Map<String, LayerShape> NAMED = new LinkedHashMap<>();
    private static final List<String> FIELDS = List.of("hidden", "intermediate", "heads", "kv-heads", "head-dim", "vocabulary");

    static {
        NAMED.put("babel-base", new LayerShape(192, 512, 6, 2, 32, 6144));
        NAMED.put("llama-0.3b", new LayerShape(1024, 3584, 16, 8, 64, 32000));
        NAMED.put("llama-2-7b", new LayerShape(4096, 11008, 32, 32, 128, 32000));
    }

    /** Names of shapes. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * A shape by its name, or by its sizes: {@code hidden=1024,intermediate=3584,heads=16,kv-heads=8,head-dim=64,vocabulary=32000}.
     *
     * @throws CraneException if it is neither: one line that says how to mend it
     */
    public static LayerShape parse(String text) {
        LayerShape named = NAMED.get(text);
        if (named != null)
            return named;
        String how = "; give one of " + String.join(", ", NAMED.keySet()) + ", or " + String.join("=N,", FIELDS) + "=N";
        if (!text.contains("="))
            throw new CraneException("unknown shape '" + text + "'" + how);
        Map<String, Integer> sizes = new LinkedHashMap<>();
        for (String size : text.split(",")) {
            String[] parts = size.split("=", 2);
            if (parts.length != 2 || !FIELDS.contains(parts[0].strip()) || !parts[1].strip().matches("[1-9][0-9]{0,6}"))
                throw new CraneException("shape: '" + size + "' is not one of its sizes" + how);
            sizes.put(parts[0].strip(), Integer.parseInt(parts[1].strip()));
        }
        List<String> missing = FIELDS.stream().filter(field -> !sizes.containsKey(field)).toList();
        if (!missing.isEmpty())
            throw new CraneException("shape: " + String.join(", ", missing) + (missing.size() == 1 ? " is" : " are") + " missing" + how);
        int[] n = FIELDS.stream().mapToInt(sizes::get).toArray();
        if (n[2] % n[3] != 0 || n[4] % 2 != 0)
            throw new CraneException("shape: heads must be a multiple of kv-heads, and head-dim even");
        return new LayerShape(n[0], n[1], n[2], n[3], n[4], n[5]);
    }

    /** Its name, or its sizes as {@link #parse} reads them. */
    @Override
    public String toString() {
        int[] n = {hidden, intermediate, heads, kvHeads, headDim, vocabulary};
        return NAMED.entrySet().stream().filter(named -> named.getValue().equals(this)).map(Map.Entry::getKey).findFirst()
                .orElseGet(() -> String.join(",",
                        Arrays.stream(new int[]{0, 1, 2, 3, 4, 5}).mapToObj(i -> FIELDS.get(i) + "=" + n[i]).toList()));
    }
}
