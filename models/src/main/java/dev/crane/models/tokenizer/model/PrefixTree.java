package dev.crane.models.tokenizer.model;

import java.util.Arrays;

/** Strings with a number each, found by walking along a text: a tree of characters in one open hash table without objects. */
public final class PrefixTree {
    /** Where a walk begins. */
    public static final int ROOT = 0;
    /** No such node, or no value. */
    public static final int NONE = -1;

    private static final long EMPTY = -1;

    private long[] edges = new long[1 << 12];
    private int[] targets = new int[1 << 12];
    private int[] values = new int[1 << 11];
    private int nodes = 1;

    /** An empty tree. */
    public PrefixTree() {
        Arrays.fill(edges, EMPTY);
        Arrays.fill(values, NONE);
    }

    /** Gives {@code key} the number {@code value}, 0 or more; a number that it had is forgotten. */
    public void put(String key, int value) {
        int node = ROOT;
        for (int i = 0; i < key.length(); i++) {
            int slot = slot(node, key.charAt(i));
            if (edges[slot] == EMPTY) {
                node = add(slot, node, key.charAt(i));
            } else {
                node = targets[slot];
            }
        }
        values[node] = value;
    }

    private int add(int slot, int node, char c) {
        edges[slot] = edge(node, c);
        targets[slot] = nodes;
        if (nodes == values.length) {
            values = Arrays.copyOf(values, 2 * nodes);
            Arrays.fill(values, nodes, values.length, NONE);
        }
        if (2 * nodes > edges.length) {
            grow();
        }
        return nodes++;
    }

    private void grow() {
        long[] oldEdges = edges;
        int[] oldTargets = targets;
        edges = new long[2 * oldEdges.length];
        targets = new int[edges.length];
        Arrays.fill(edges, EMPTY);
        for (int i = 0; i < oldEdges.length; i++) {
            if (oldEdges[i] != EMPTY) {
                int slot = slot((int) (oldEdges[i] >>> Character.SIZE), (char) oldEdges[i]);
                edges[slot] = oldEdges[i];
                targets[slot] = oldTargets[i];
            }
        }
    }

    /** The node that {@code c} leads to, or {@link #NONE}. */
    public int next(int node, char c) {
        int slot = slot(node, c);
        return edges[slot] == EMPTY ? NONE : targets[slot];
    }

    /** The number of the string that ends at {@code node}, or {@link #NONE}. */
    public int value(int node) {
        return values[node];
    }

    /** The end of the longest string that begins at {@code start} of {@code text}, or {@link #NONE}. */
    public int longestEnd(CharSequence text, int start) {
        int end = NONE;
        int node = ROOT;
        for (int i = start; i < text.length(); i++) {
            node = next(node, text.charAt(i));
            if (node == NONE) {
                break;
            }
            if (values[node] != NONE) {
                end = i + 1;
            }
        }
        return end;
    }

    private static long edge(int node, char c) {
        return ((long) node << Character.SIZE) | c;
    }

    /** The slot of the edge, or the empty one where it belongs. */
    private int slot(int node, char c) {
        long edge = edge(node, c);
        int slot = (int) ((edge * 0x9E3779B97F4A7C15L) >>> 33) & (edges.length - 1); // Fibonacci hashing, as in MergeTable
        while (edges[slot] != EMPTY && edges[slot] != edge) {
            slot = (slot + 1) & (edges.length - 1);
        }
        return slot;
    }
}
