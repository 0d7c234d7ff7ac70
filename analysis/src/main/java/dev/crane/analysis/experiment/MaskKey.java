package dev.crane.analysis.experiment;

/**
 * Which mask a result is about.
 *
 * @param method label of the method, with {@code @SOURCE} behind it where the mask was found on the model SOURCE; {@code none} where nothing is masked
 * @param mask the language the mask was made for; empty where nothing is masked
 * @param seed of a random mask; empty for any other
 */
public record MaskKey(String method, String mask, String seed) {
    /** The unmasked model. */
    public static final MaskKey UNMASKED = new MaskKey("none", "", "");

    /** The same mask on another model than the one it was found on. */
    MaskKey from(String source) {
        return new MaskKey(method + "@" + source, mask, seed);
    }

    /** {@code crane/en}, {@code random/seed2/vi}, {@code none}: below {@code masks/} and {@code samples/}. */
    public String path() {
        return mask.isEmpty() ? method : method + "/" + (seed.isEmpty() ? "" : "seed" + seed + "/") + mask;
    }

    /** The same without the language: {@code random/seed2}. */
    public String group() {
        return seed.isEmpty() ? method : method + "/seed" + seed;
    }
}
