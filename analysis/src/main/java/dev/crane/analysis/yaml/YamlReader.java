package dev.crane.analysis.yaml;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** Reads a YAML file into nodes. Aliases and a key that stands twice are refused: both hide what a reader of the file would expect. */
public final class YamlReader {
    /** Far above what a person writes; a file beyond it is something else. */
    private static final long LARGEST_FILE = 4 << 20;

    private final Path file;
    private final YAMLParser parser;

    private YamlReader(Path file, YAMLParser parser) {
        this.file = file;
        this.parser = parser;
    }

    /**
     * The one mapping that the file holds.
     *
     * @throws CraneException the file cannot be read, is no YAML or no mapping
     */
    public static YamlNode.Mapping read(Path file) {
        String text = text(file);
        try (YAMLParser parser = (YAMLParser) new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null)
                throw new CraneException(file + ": the file is empty");
            YamlReader reader = new YamlReader(file, parser);
            YamlNode root = reader.node(parser.currentToken());
            if (parser.nextToken() != null)
                throw reader.place().error("a second document begins here; give a file with one");
            if (!(root instanceof YamlNode.Mapping mapping))
                throw root.place().error("expected 'key: value' lines, found " + root.kind());
            return mapping;
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            // The parser's own message spans lines and repeats the text; its last sentence before the excerpt says what is wrong.
            String what = e.getOriginalMessage().lines().filter(line -> !line.startsWith(" ") && !line.isBlank()).reduce((a, b) -> b)
                    .orElse("");
            throw new CraneException(file + ":" + (at == null ? "" : at.getLineNr() + ":" + at.getColumnNr() + ":") + " not valid YAML: "
                    + what, e);
        }
    }

    private static String text(Path file) {
        try {
            long size = Files.size(file);
            if (size > LARGEST_FILE)
                throw new CraneException(file + ": " + size + " bytes are too many for a YAML file (at most " + LARGEST_FILE + ")");
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private YamlNode node(JsonToken token) {
        YamlNode.Place place = place();
        if (parser.isCurrentAlias())
            throw place.error("aliases (*) are not read here; write the value out");
        String id = parser.getTypeId();
        String tag = id == null || id.isEmpty() || id.startsWith("tag:") ? null : "!" + id.replaceFirst("^!", "");
        if (tag != null && token.isScalarValue())
            return new YamlNode.Tagged(place, tag, parser.getString());
        if (tag != null)
            throw place.error("the tag " + tag + " is not read here");
        return switch (token) {
            case START_OBJECT -> mapping(place);
            case START_ARRAY -> sequence(place);
            case VALUE_NULL -> new YamlNode.Scalar(place, "", YamlNode.Type.NOTHING);
            case VALUE_NUMBER_INT -> new YamlNode.Scalar(place, parser.getString(), YamlNode.Type.WHOLE);
            case VALUE_NUMBER_FLOAT -> new YamlNode.Scalar(place, parser.getString(), YamlNode.Type.NUMBER);
            case VALUE_TRUE, VALUE_FALSE -> new YamlNode.Scalar(place, parser.getString(), YamlNode.Type.TRUTH);
            default -> new YamlNode.Scalar(place, parser.getString(), YamlNode.Type.TEXT);
        };
    }

    private YamlNode.Mapping mapping(YamlNode.Place place) {
        List<YamlNode.Entry> entries = new ArrayList<>();
        Map<String, YamlNode.Place> seen = new HashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            YamlNode.Place at = place();
            YamlNode.Place before = seen.putIfAbsent(key, at);
            if (before != null)
                throw at.error("key '" + key + "' stands twice, first in line " + before.line());
            entries.add(new YamlNode.Entry(key, at, node(parser.nextToken())));
        }
        return new YamlNode.Mapping(place, List.copyOf(entries));
    }

    private YamlNode.Sequence sequence(YamlNode.Place place) {
        List<YamlNode> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY)
            items.add(node(parser.currentToken()));
        return new YamlNode.Sequence(place, List.copyOf(items));
    }

    private YamlNode.Place place() {
        TokenStreamLocation at = parser.currentTokenLocation();
        return new YamlNode.Place(file, at.getLineNr(), at.getColumnNr());
    }
}
