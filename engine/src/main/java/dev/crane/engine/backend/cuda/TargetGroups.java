package dev.crane.engine.backend.cuda;

/**
 * Targets grouped by row, in the order they were given within a row, as the kernel sums them.
 *
 * @param first [rows + 1]: the targets of row t are first[t] to first[t + 1] − 1
 * @param tokens of the targets
 * @param coefficients of the targets
 */
record TargetGroups(int[] first, int[] tokens, float[] coefficients) {
    static TargetGroups of(int[] rows, int[] tokens, float[] coefficients, int count) {
        int[] first = new int[count + 1];
        for (int row : rows)
            first[row + 1]++;
        for (int t = 0; t < count; t++)
            first[t + 1] += first[t];
        int[] next = first.clone();
        int[] sortedTokens = new int[rows.length];
        float[] sorted = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            int at = next[rows[i]]++;
            sortedTokens[at] = tokens[i];
            sorted[at] = coefficients[i];
        }
        return new TargetGroups(first, sortedTokens, sorted);
    }
}
