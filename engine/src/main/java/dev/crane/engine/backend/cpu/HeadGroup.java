package dev.crane.engine.backend.cpu;

import dev.crane.engine.backend.AttentionShape;

/**
 * The queries of one sequence that read one key/value head, as rows: row r is the query {@code r / group} under the head {@code r % group} of the group.
 * Rows are worked on in blocks of {@value #BLOCK}. The keys that a row sees begin and end no earlier than those of the row before it.
 *
 * @param shape of the op
 * @param queryRow row of the sequence's first query
 * @param queries number of its queries
 * @param keyRow row of its first key
 * @param keys number of its keys
 * @param kvHead the key/value head
 */
record HeadGroup(AttentionShape shape, int queryRow, int queries, int keyRow, int keys, int kvHead) {
    /** Rows of a block. */
    static final int BLOCK = 32;

    /** Query heads to a key/value head. */
    int group() {
        return shape.heads() / shape.kvHeads();
    }

    /** Number of rows. */
    int rows() {
        return queries * group();
    }

    /** Index of the row's first value in a tensor like q. */
    int query(int row) {
        return ((queryRow + row / group()) * shape.heads() + head(row)) * shape.headDim();
    }

    /** Index of the row's value in a tensor [N, H]. */
    int perHead(int row) {
        return (queryRow + row / group()) * shape.heads() + head(row);
    }

    /** Query head of the row. */
    int head(int row) {
        return kvHead * group() + row % group();
    }

    /** Index of the first value of the first key in a tensor like k. */
    int key() {
        return keyRow * keyStride() + kvHead * shape.headDim();
    }

    /** Distance of the keys in a tensor like k. */
    int keyStride() {
        return shape.kvHeads() * shape.headDim();
    }

    /** One past the last key that the row sees: its own. */
    int end(int row) {
        return keys - queries + row / group() + 1;
    }

    /** First key that a row sees whose last key is before {@code end}. */
    int begin(int end) {
        return shape.window() > 0 ? Math.max(0, end - shape.window()) : 0;
    }
}
