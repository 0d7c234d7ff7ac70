package dev.crane.analysis.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Builds HTML text; everything that is not markup goes through {@link #text}. */
final class Html {
    private final StringBuilder out = new StringBuilder();
    private final SequencedMap<String, String> sections = new LinkedHashMap<>();

    /** Appends markup as it is. */
    Html raw(String markup) {
        out.append(markup);
        return this;
    }

    /** Appends text, escaped. */
    Html text(String text) {
        out.append(escape(text));
        return this;
    }

    /** Appends an element that holds text. {@code tag} may carry attributes: {@code td class="n"}. */
    Html element(String tag, String text) {
        int space = tag.indexOf(' ');
        return raw("<" + tag + ">").text(text).raw("</" + (space < 0 ? tag : tag.substring(0, space)) + ">");
    }

    /** Begins a page, as far as its main part; {@code styles} are style sheets beside this class. */
    Html begin(String title, String... styles) {
        raw("""
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                """);
        element("title", title).raw("\n<style>\n");
        for (String style : styles)
            raw(resource(style));
        return raw("</style>\n</head>\n<body>\n<main>\n");
    }

    /** Starts a section with a heading and a paragraph that says how to read it (markup); {@code name} stands in the page's list of sections. */
    Html section(String id, String name, String heading, String how) {
        sections.put(id, name);
        return raw("\n<section id=\"" + id + "\">\n").element("h2", heading).raw("<p class=\"how\">" + how + "</p>\n");
    }

    /** Starts what is opened by a click. */
    Html details(String summary) {
        return raw("<details>").element("summary", summary).raw("\n");
    }

    /** Ends it. */
    Html endDetails() {
        return raw("</details>\n");
    }

    /** A table that may be wider than the page: it scrolls by itself. */
    Html table(String kind) {
        return raw("<div class=\"scroll\"><table" + (kind.isEmpty() ? "" : " class=\"" + kind + "\"") + ">");
    }

    Html endTable() {
        return raw("</tbody></table></div>\n");
    }

    /** Names of the sections by their ids. */
    SequencedMap<String, String> sections() {
        return sections;
    }

    Html end() {
        return raw("</section>\n");
    }

    /** A text file that lies beside this class: a style sheet, a script. */
    static String resource(String name) {
        try (InputStream in = Html.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
