package dev.crane.analysis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import dev.crane.engine.file.FileErrors;

/** The SHA-256 of everything that a result depends on: two that are equal were made from the same inputs. */
public final class Fingerprint {
    private final MessageDigest digest = sha256();

    /** Of nothing yet. */
    public Fingerprint() {
    }

    /** Adds a named input, written out; names and values are told apart whatever they hold. */
    public Fingerprint add(String name, Object value) {
        for (String text : new String[]{name, String.valueOf(value)}) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
            digest.update(bytes);
        }
        return this;
    }

    /** 64 hexadecimal digits; ends the fingerprint. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** That of a file's bytes. */
    public static String of(Path file) {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
