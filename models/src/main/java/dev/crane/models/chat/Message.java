package dev.crane.models.chat;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A turn of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, or whatever else the template knows
 * @param content its text
 */
public record Message(String role, String content) {
    /** As templates read it. */
    Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("role", role);
        members.put("content", content);
        return members;
    }
}
