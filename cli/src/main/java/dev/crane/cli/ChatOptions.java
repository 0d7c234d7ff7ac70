package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.models.chat.ChatTemplate;
import dev.crane.models.chat.Message;
import dev.crane.models.tokenizer.Tokenizer;

/** Whether texts are what a user says in a chat; a {@link picocli.CommandLine.Mixin} of commands that read texts. */
final class ChatOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--chat", description = "Take each text as what a user says, and put it into the model's chat template.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT",
            description = "With --chat: a system message before it. Default: what the template says by itself.")
    private String system;

    @Option(names = "--chat-template", paramLabel = "NAME",
            description = "With --chat: which template, where the model has several. Default: the one named default.")
    private String template;

    /** Whether a chat is asked for. */
    boolean asked() {
        if (!chat && (system != null || template != null))
            throw new ParameterException(spec.commandLine(), "--system and --chat-template belong to --chat, which is missing");
        return chat;
    }

    /** Makes a user's text into token ids, up to where the model answers; to be asked only if {@link #asked}. */
    Function<String, int[]> encoder(Path folder, Tokenizer tokenizer) {
        ChatTemplate read = ChatTemplate.read(folder, template);
        return text -> {
            List<Message> messages = new ArrayList<>();
            if (system != null)
                messages.add(new Message("system", system));
            messages.add(new Message("user", text));
            // the template writes the special tokens itself
            return tokenizer.encode(read.render(messages, true), false);
        };
    }
}
