package dev.crane.kernels;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Kernels compiled at run time, kept in files named by the hash of all they were made from. A file begins with the hash of what follows, so that one
 * that was cut off is not used. The cache may be deleted at any time, and where it cannot be written everything works without it.
 */
final class CubinCache {
    /** The system property that names the folder. */
    static final String FOLDER_PROPERTY = "dev.crane.cache";
    private static final int DIGEST_BYTES = 32;

    private final Path folder;

    CubinCache(Path folder) {
        this.folder = folder;
    }

    /** In the user's cache folder: {@code $XDG_CACHE_HOME/crane}, by default {@code ~/.cache/crane}. */
    static CubinCache ofThisUser() {
        String property = System.getProperty(FOLDER_PROPERTY);
        if (property != null) {
            return new CubinCache(Path.of(property).resolve("kernels"));
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path caches = xdg == null || xdg.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return new CubinCache(caches.resolve("crane").resolve("kernels"));
    }

    /** Where it lies. */
    Path folder() {
        return folder;
    }

    /** The name of a file in the cache. */
    record Key(String name) {}

    /** The key of something made from these texts. */
    static Key key(String name, String architecture, Iterable<String> madeFrom) {
        MessageDigest digest = sha256();
        for (String text : madeFrom) {
            digest.update(text.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
        return new Key("%s-%s-%s".formatted(name, architecture, HexFormat.of().formatHex(digest.digest(), 0, 16)));
    }

    /** What was kept under a key, whole. */
    Optional<byte[]> get(Key key) {
        try {
            byte[] file = Files.readAllBytes(file(key));
            if (file.length < DIGEST_BYTES) {
                return Optional.empty();
            }
            byte[] image = Arrays.copyOfRange(file, DIGEST_BYTES, file.length);
            return Arrays.equals(file, 0, DIGEST_BYTES, sha256().digest(image), 0, DIGEST_BYTES) ? Optional.of(image) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /** Keeps something under a key; others that do the same at the same time do no harm. */
    void put(Key key, byte[] image) {
        try {
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, key.name, ".tmp");
            try {
                byte[] file = Arrays.copyOf(sha256().digest(image), DIGEST_BYTES + image.length);
                System.arraycopy(image, 0, file, DIGEST_BYTES, image.length);
                Files.write(temporary, file);
                Files.move(temporary, file(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException readOnly) {
            // the next start compiles again: slower, not wrong
        }
    }

    private Path file(Key key) {
        return folder.resolve(key.name + ".cubin");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
