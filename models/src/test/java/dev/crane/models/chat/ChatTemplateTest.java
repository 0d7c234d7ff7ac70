package dev.crane.models.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ChatTemplateTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    private Path folder;

    /** What transformers 5.18 renders, or the template's own error; from each of the places that a template can stand in. */
    @Test
    void everyGoldenCase() throws IOException {
        JsonNode golden = JSON.readTree(Files.readString(Path.of("src/test/resources/jinja/chat.json")));
        ObjectNode config = JSON.createObjectNode();
        config.set("bos_token", JSON.createObjectNode().set("content", golden.get("bos_token")));
        config.set("eos_token", golden.get("eos_token"));
        ArrayNode named = config.putArray("chat_template");
        Files.createDirectories(folder.resolve("files/additional_chat_templates"));
        for (Map.Entry<String, JsonNode> template : golden.get("templates").properties()) {
            named.addObject().put("name", template.getKey()).set("template", template.getValue());
            Files.writeString(folder.resolve("files/additional_chat_templates/" + template.getKey() + ".jinja"),
                    template.getValue().stringValue());
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), JSON.writeValueAsString(config));
        config.remove("chat_template");
        Files.writeString(folder.resolve("files/tokenizer_config.json"), JSON.writeValueAsString(config));
        assertEquals(24, golden.get("cases").size());
        for (JsonNode line : golden.get("cases")) {
            for (Path place : List.of(folder, folder.resolve("files"))) {
                ChatTemplate template = ChatTemplate.read(place, line.get("template").stringValue());
                List<JsonNode> messages = line.get("messages").valueStream().toList();
                boolean prompt = line.get("add_generation_prompt").booleanValue();
                if (line.has("rendered")) {
                    assertEquals(line.get("rendered").stringValue(), template.render(messages, prompt, Map.of()), line.toString());
                } else {
                    CraneException e = assertThrows(CraneException.class, () -> template.render(messages, prompt, Map.of()));
                    assertTrue(e.getMessage().endsWith(": line 10: " + line.get("error").stringValue()), e.getMessage());
                }
            }
        }
    }

    private void config(String json) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), json);
    }

    private String refused(String name) {
        String message = assertThrows(CraneException.class, () -> ChatTemplate.read(folder, name)).getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void whichOne() throws IOException {
        assertTrue(refused(null).contains("has no chat template"));
        config("{\"chat_template\": \"A{{ messages[0].content }}{{ eos_token is defined }}\"}");
        assertEquals("AhiFalse", ChatTemplate.read(folder, null).render(List.of(new Message("user", "hi")), false));
        assertEquals("default", ChatTemplate.read(folder, "default").name());
        assertTrue(refused("rag").endsWith("has no chat template named 'rag'; it has default"));
        config("{\"chat_template\": [{\"name\": \"a\", \"template\": \"A\"}, {\"name\": \"b\", \"template\": \"B\"}]}");
        assertEquals("B", ChatTemplate.read(folder, "b").render(List.of(), false));
        assertTrue(refused(null).endsWith("has no chat template named default; it has a, b"));
        // a file goes before the configuration
        Files.writeString(folder.resolve("chat_template.jinja"), "F\n");
        assertEquals("F", ChatTemplate.read(folder, null).render(List.of(), false));
        assertTrue(refused("a").endsWith("it has default"));
    }

    @Test
    void damaged() throws IOException {
        config("{\"chat_template\": 3}");
        assertTrue(refused(null).contains("chat_template is neither a string nor a list"));
        config("{\"chat_template\": [{\"name\": \"a\"}]}");
        assertTrue(refused(null).contains("an entry is not"));
        config("{\"chat_template\": \"a\\nb {% if %}\"}");
        assertTrue(refused(null).contains("tokenizer_config.json: chat_template: line 2: Expected an expression"), refused(null));
        config("{\"chat_template\"");
        assertTrue(refused(null).contains("is not valid JSON"));
    }

    /** Against Python's {@code datetime(2024, 7, 6, 9, 5, 3).strftime}. */
    @Test
    void times() {
        LocalDateTime time = LocalDateTime.of(2024, 7, 6, 9, 5, 3);
        assertEquals("06 Jul 2024|July 06, 2024|Saturday Sat 6|09:05:03 AM 09|2024-07-06 07/06/24|188 24 6%| 6|6 9",
                Strftime.format(time, "%d %b %Y|%B %d, %Y|%A %a %u|%H:%M:%S %p %I|%F %D|%j %y %w%%|%e|%-d %-H"));
    }
}
