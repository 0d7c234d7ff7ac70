package dev.crane.analysis.corpus;

import java.io.InputStream;
import java.nio.file.Path;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** A document a line: plain text, or JSON with {@code text} or {@code ids}. Lines are checked for emptiness and encoding even when passed over. */
final class LineSource implements DocumentSource {
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private final Path file;
    private final boolean json;
    private final boolean emptyAllowed;
    private final Lines lines;

    LineSource(Path file, boolean json, boolean emptyAllowed, InputStream in) {
        this.file = file;
        this.json = json;
        this.emptyAllowed = emptyAllowed;
        this.lines = new Lines(file, in);
    }

    @Override
    public boolean advance() {
        if (!lines.next()) {
            return false;
        }
        if (isBlank(lines.text()) && (json || !emptyAllowed)) {
            throw error("is empty; a line is one document: delete the empty ones, and join the paragraphs of a document into one line");
        }
        return true;
    }

    @Override
    public Document document() {
        return json ? fromJson() : new Document(lines.number(), lines.text(), null);
    }

    private Document fromJson() {
        JsonNode root;
        try {
            root = JSON.readTree(lines.text());
        } catch (JacksonException e) {
            String column = e.getLocation() == null ? "" : " (column " + e.getLocation().getColumnNr() + ")";
            throw error("is not JSON: " + FileErrors.oneLine(e.getOriginalMessage()) + column);
        }
        if (!root.isObject()) {
            throw error("is not a JSON object; write {\"text\": …} or {\"ids\": […]}");
        }
        if (!root.hasNonNull("text") && !root.hasNonNull("ids")) {
            throw error("has neither \"text\" nor \"ids\"");
        }
        return new Document(lines.number(), text(root.get("text")), ids(root.get("ids")));
    }

    private String text(JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (!node.isString()) {
            throw error("\"text\" is not a string");
        }
        String text = node.stringValue();
        if (isBlank(text) && !emptyAllowed) {
            throw error("\"text\" is empty; delete the line");
        }
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            if (Character.getType(text.codePointAt(i)) == Character.SURROGATE) {
                throw error(
                        "\"text\" holds half of a surrogate pair, \\u" + Integer.toHexString(text.charAt(i)) + ", which is no character");
            }
        }
        return text;
    }

    private int[] ids(JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (!node.isArray() || (node.isEmpty() && !emptyAllowed)) {
            throw error("\"ids\" is not a list of token ids");
        }
        int[] ids = new int[node.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = node.get(i);
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
                throw error("ids[" + i + "] is not a token id");
            }
            ids[i] = id.intValue();
        }
        return ids;
    }

    /** Nothing but white space and the like, no-break spaces included. */
    static boolean isBlank(String text) {
        return text.chars().allMatch(c -> Character.isWhitespace(c) || Character.isSpaceChar(c));
    }

    @Override
    public CraneException error(String what) {
        return new CraneException(file + ": line " + (lines.number() + 1) + " " + what);
    }

    @Override
    public void close() {
        lines.close();
    }
}
