package dev.crane.analysis.yaml;

import java.util.Comparator;
import java.util.List;

/** The known word that someone probably meant. */
public final class Nearest {
    private Nearest() {
    }

    /** "did you mean 'samples'?" where one word is near, else all of them. */
    public static String hint(String word, List<String> known) {
        return known.stream().min(Comparator.comparingInt(candidate -> distance(word, candidate)))
                .filter(candidate -> distance(word, candidate) <= (Math.min(word.length(), candidate.length()) + 1) / 2)
                .map(candidate -> "did you mean '" + candidate + "'?").orElse("known are " + String.join(", ", known));
    }

    /** Levenshtein's distance: how many characters must be put in, taken out or changed. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++)
            row[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                row[j] = Math.min(Math.min(row[j], row[j - 1]) + 1, diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
