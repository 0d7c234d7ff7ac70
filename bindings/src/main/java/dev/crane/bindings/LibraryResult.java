package dev.crane.bindings;

import java.nio.file.Path;
import java.util.List;

/** What the search for a native library came to. */
public sealed interface LibraryResult {

    /**
     * The library is open.
     *
     * @param path the file it was loaded from
     * @param version the version it reports itself, such as {@code 13.1.1}
     */
    record Found(Path path, String version) implements LibraryResult {}

    /**
     * The library is not to be had.
     *
     * @param tried every file, name and folder that was tried, in order, each with the reason it would not do
     * @param advice one line: what is missing and how to mend it
     */
    record Missing(List<String> tried, String advice) implements LibraryResult {
        public Missing {
            tried = List.copyOf(tried);
        }
    }
}
