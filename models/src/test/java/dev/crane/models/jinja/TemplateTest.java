package dev.crane.models.jinja;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.models.chat.ChatTemplate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Against Jinja2 3.1.6, with the environment of transformers 5.18 ({@code chat}), of {@code jinja2.Environment()} ({@code default}) and of
 * lm-evaluation-harness ({@code harness}). {@code cases.json} holds the variables and for each template what comes out, or the error's class,
 * message and, for syntax errors, line.
 */
class TemplateTest {
    private static final Path CASES = Path.of("src/test/resources/jinja/cases.json");
    private static final JsonMapper JSON = JsonMapper.shared();
    /** Errors whose words are Jinja2's own; those of other classes come from Python, and only that there is one counts. */
    private static final Set<String> JINJAS_WORDS = Set.of("TemplateError", "UndefinedError", "SecurityError");

    @Test
    void everyCase() throws IOException {
        JsonNode golden = JSON.readTree(Files.readString(CASES));
        Map<String, JsonNode> variables = new LinkedHashMap<>();
        golden.get("variables").properties().forEach(entry -> variables.put(entry.getKey(), entry.getValue()));
        List<String> wrong = new ArrayList<>();
        for (JsonNode line : golden.get("cases")) {
            Environment environment = switch (line.get("env").stringValue()) {
                case "chat" -> ChatTemplate.ENVIRONMENT;
                case "harness" -> Environment.HARNESS;
                default -> Environment.DEFAULT;
            };
            String template = line.get("template").stringValue();
            String made;
            try {
                made = Template.parse("t", template, environment).render(variables);
                if (!line.has("rendered") || !made.equals(line.get("rendered").stringValue())) {
                    wrong.add(line + "\n   gives " + JSON.writeValueAsString(made));
                }
            } catch (CraneException e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                String error = line.has("error") ? line.get("error").stringValue() : "";
                if (error.isEmpty()
                        || (error.equals("TemplateSyntaxError") && !e.getMessage().startsWith("t: line " + line.get("line") + ": "))
                        || (JINJAS_WORDS.contains(error) && !e.getMessage().endsWith(": " + line.get("message").stringValue()))) {
                    wrong.add(line + "\n   fails: " + e.getMessage());
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    private static String fails(String template) {
        CraneException e = assertThrows(CraneException.class,
                () -> Template.parse("t", template, ChatTemplate.ENVIRONMENT).render(Map.of("messages", List.of())));
        assertEquals(1, e.getMessage().lines().count());
        assertTrue(e.getMessage().length() < 400, e.getMessage());
        return e.getMessage();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 'x' * 999999999999 }}", "{{ [1] * 99999999 }}",
            "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% for i in range(99999) %}{{ '%9999d' % i }}{% endfor %}", "{{ '%999999999d' % 1 }}", "{{ '{:999999999}'.format(1) }}",
            "{{ 'x'.center(999999999) }}", "{{ range(999999999) | list }}", "{{ 9 ** 9999 }}", "{{ 'a'.ljust(9 ** 18) }}",
            "{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(9) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}"})
    void whatGrowsWithoutEnd(String template) {
        assertTrue(fails(template).startsWith("t: line 1: "));
    }

    @Test
    void deepTemplates() {
        for (String template : new String[]{"{{ " + "(".repeat(100_000), "{{ " + "[".repeat(100_000),
                "{{ " + "not ".repeat(100_000) + "1 }}",
                "{{ " + "- ".repeat(100_000) + "1 }}", "{% if 1 %}".repeat(100_000), "{{ " + "1 + ".repeat(200_000) + "1 }}",
                "{{ x" + ".y".repeat(200_000) + " }}", "{{ 1 " + "if 1 else 1 ".repeat(100_000) + "}}"}) {
            fails(template);
        }
    }

    @Test
    void nothingOfJavaIsReached() {
        for (String name : new String[]{"getClass()", "class", "hashCode()", "chars()", "__class__.__base__()",
                "__init__.__globals__['x']"}) {
            fails("{{ ('a'." + name + ").x.y }}");
        }
    }
}
