package dev.crane.models.chat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.jinja.Arguments;
import dev.crane.models.jinja.Environment;
import dev.crane.models.jinja.Function;
import dev.crane.models.jinja.Template;
import dev.crane.models.jinja.TemplateError;
import dev.crane.models.json.JsonFile;

/**
 * A model's chat template: messages to the one text that the model reads, as {@code apply_chat_template} of the transformers library makes it. The
 * text holds the special tokens itself, and is encoded without others around it.
 *
 * <pre>{@code
 * ChatTemplate template = ChatTemplate.read(folder, null);
 * String text = template.render(List.of(new Message("user", "Hi")), true);
 * int[] ids = tokenizer.encode(text, false);
 * }</pre>
 */
public final class ChatTemplate {
    /** Jinja as the transformers library sets it up. */
    public static final Environment ENVIRONMENT = new Environment(true, true, false, false, true, true, true,
            Map.<String, Function>of("raise_exception", ChatTemplate::raise, "strftime_now", ChatTemplate::now),
            Map.of(), Environment.Limits.DEFAULT);

    private static final String DEFAULT_NAME = "default";
    /** The largest published have some twenty kilobytes. */
    private static final long LARGEST_FILE = 64L << 20;
    private static final long LARGEST_TEMPLATE = 4L << 20;
    private static final List<String> SPECIAL_TOKENS = List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token",
            "mask_token");

    private final String name;
    private final Template template;
    private final Map<String, Object> specialTokens;

    private ChatTemplate(String name, Template template, Map<String, Object> specialTokens) {
        this.name = name;
        this.template = template;
        this.specialTokens = specialTokens;
    }

    private static Object raise(Arguments arguments) {
        throw new TemplateError(arguments.text(0, "message"));
    }

    private static Object now(Arguments arguments) {
        return Strftime.format(LocalDateTime.now(ZoneId.systemDefault()), arguments.text(0, "format"));
    }

    /**
     * Reads the template of a model folder.
     *
     * @param wanted which one, where there are several with names; null: the one named {@code default}, or the only one
     * @throws CraneException there is none, or none of this name, or it is damaged
     */
    public static ChatTemplate read(Path folder, String wanted) {
        SortedMap<String, ChatTemplate> all = all(folder);
        if (all.isEmpty()) {
            throw new CraneException(folder + ": has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); "
                    + "it is no chat model, or the file is missing");
        }
        ChatTemplate found = wanted == null && all.size() == 1 ? all.get(all.firstKey()) : all.get(wanted == null ? DEFAULT_NAME : wanted);
        if (found == null) {
            throw new CraneException(folder + ": has no chat template named " + (wanted == null ? DEFAULT_NAME : FileErrors.quote(wanted))
                    + "; it has " + String.join(", ", all.keySet()));
        }
        return found;
    }

    /** Whether the folder has any template; none is read. */
    public static Optional<ChatTemplate> find(Path folder) {
        SortedMap<String, ChatTemplate> all = all(folder);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getOrDefault(DEFAULT_NAME, all.get(all.firstKey())));
    }

    /**
     * All templates of a model folder by their names: {@code chat_template.jinja} is {@code default}, a file of {@code additional_chat_templates} has
     * its own name; where there are no such files, {@code chat_template} of {@code tokenizer_config.json}, a string or a list of named ones.
     */
    public static SortedMap<String, ChatTemplate> all(Path folder) {
        JsonNode config = json(folder.resolve("tokenizer_config.json"));
        Map<String, Object> tokens = new LinkedHashMap<>();
        for (JsonNode source : List.of(json(folder.resolve("special_tokens_map.json")), config)) {
            for (String token : SPECIAL_TOKENS) {
                JsonNode value = source.get(token);
                value = value != null && value.isObject() ? value.get("content") : value;
                if (value != null && value.isString()) {
                    tokens.put(token, value.stringValue());
                }
            }
        }
        SortedMap<String, ChatTemplate> all = new TreeMap<>();
        Path single = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(single)) {
            all.put(DEFAULT_NAME, file(DEFAULT_NAME, single, tokens));
        }
        Path more = folder.resolve("additional_chat_templates");
        if (Files.isDirectory(more)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(more, "*.jinja")) {
                for (Path file : files) {
                    String name = file.getFileName().toString().replaceFirst("\\.jinja$", "");
                    all.put(name, file(name, file, tokens));
                }
            } catch (IOException e) {
                throw FileErrors.cannotRead(more, e);
            }
        }
        if (all.isEmpty() && config.hasNonNull("chat_template")) {
            inConfig(folder.resolve("tokenizer_config.json"), config.get("chat_template"), tokens, all);
        }
        return all;
    }

    private static void inConfig(Path file, JsonNode templates, Map<String, Object> tokens, Map<String, ChatTemplate> all) {
        if (templates.isString()) {
            all.put(DEFAULT_NAME, new ChatTemplate(DEFAULT_NAME,
                    Template.parse(file + ": chat_template", templates.stringValue(), ENVIRONMENT), tokens));
            return;
        }
        if (!templates.isArray()) {
            throw new CraneException(file + ": chat_template is neither a string nor a list of templates with names");
        }
        for (JsonNode entry : templates) {
            JsonNode name = entry.get("name");
            JsonNode template = entry.get("template");
            if (name == null || !name.isString() || template == null || !template.isString()) {
                throw new CraneException(file + ": chat_template: an entry is not {\"name\": ..., \"template\": ...} with two strings");
            }
            String where = file + ": chat_template " + FileErrors.quote(name.stringValue());
            all.put(name.stringValue(),
                    new ChatTemplate(name.stringValue(), Template.parse(where, template.stringValue(), ENVIRONMENT), tokens));
        }
    }

    private static ChatTemplate file(String name, Path file, Map<String, Object> tokens) {
        try {
            if (Files.size(file) > LARGEST_TEMPLATE) {
                throw new CraneException(file + ": has " + Files.size(file) + " bytes, more than the " + LARGEST_TEMPLATE
                        + " that a template may have");
            }
            return new ChatTemplate(name, Template.parse(file.toString(), Files.readString(file), ENVIRONMENT), tokens);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private static JsonNode json(Path file) {
        return Files.exists(file) ? JsonFile.read(file, LARGEST_FILE) : JsonMapper.shared().createObjectNode();
    }

    /** Its name: {@code default} where the folder gives none. */
    public String name() {
        return name;
    }

    /**
     * The text of a conversation.
     *
     * @param addGenerationPrompt whether it ends in what makes the model answer
     * @throws CraneException what the template says is wrong with the messages, or what is wrong with the template; one line
     */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        return render(messages.stream().map(Message::members).toList(), addGenerationPrompt, Map.of());
    }

    /**
     * The text of a conversation.
     *
     * @param messages maps or JSON objects with {@code role}, {@code content}, and whatever else the template reads
     * @param variables more of what it reads, as {@code tools}, {@code documents}, {@code enable_thinking}
     */
    public String render(List<?> messages, boolean addGenerationPrompt, Map<String, ?> variables) {
        Map<String, Object> all = new LinkedHashMap<>(specialTokens);
        all.put("messages", messages);
        all.put("tools", null);
        all.put("documents", null);
        all.put("add_generation_prompt", addGenerationPrompt);
        all.putAll(variables);
        return template.render(all);
    }
}
