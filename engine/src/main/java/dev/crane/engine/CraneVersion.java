package dev.crane.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this build, as it stands in the provenance of every file that CRANE writes. */
public final class CraneVersion {
    private static final String VERSION = read();

    private CraneVersion() {
    }

    /** Such as {@code 0.1.0}. */
    public static String get() {
        return VERSION;
    }

    private static String read() {
        try (InputStream in = CraneVersion.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException impossible) {
            throw new UncheckedIOException("version.properties is part of the build", impossible);
        }
    }
}
