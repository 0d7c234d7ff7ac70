/** Chat templates of model folders: messages to the text that a chat model reads. Start at {@link dev.crane.models.chat.ChatTemplate}. */
package dev.crane.models.chat;
