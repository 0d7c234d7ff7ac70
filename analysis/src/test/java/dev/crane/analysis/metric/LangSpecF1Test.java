package dev.crane.analysis.metric;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.analysis.metric.LangSpecF1.Options;
import dev.crane.analysis.metric.LangSpecF1.Others;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class LangSpecF1Test {
    private static final Map<String, Double> LLAMA_2_7B = scores(.4579, .3470, .3722);

    /** Accuracies and F1 of masks on Llama-2-7B from the CRANE paper; they come out with the mean of the others and β = 1 alone. */
    @ParameterizedTest
    @CsvSource({"en, .3483, .2801, .2811, .339", "vi, .3517, .2816, .2233, .491", "zh, .4366, .3314, .3344, .080",
            "zh, .4589, .3410, .3778, .034", "zh, .4375, .3165, .3600, .155"})
    void publishedValues(String language, double en, double zh, double vi, double published) {
        LangSpecF1 f1 = LangSpecF1.of(language, LLAMA_2_7B, scores(en, zh, vi), Options.DEFAULT);
        assertEquals(published, f1.f(), 0.0005);
        // At β = 1 the two weightings are one.
        assertEquals(f1.f(), LangSpecF1.of(language, LLAMA_2_7B, scores(en, zh, vi), new Options(Others.MEAN, 1, true)).f());
    }

    @Test
    void everyOptionByHand() {
        // Drops: en 0.2 of 0.5, zh 0.1, vi 0.3. R = 0.4.
        Map<String, Double> base = scores(.5, .4, .6);
        Map<String, Double> masked = scores(.3, .3, .3);
        assertEquals(0.5, LangSpecF1.of("en", base, masked, new Options(Others.MEAN, 1, false)).precision(), 1e-11);
        assertEquals(0.4, LangSpecF1.of("en", base, masked, new Options(Others.MAX, 1, false)).precision(), 1e-11);
        LangSpecF1 sum = LangSpecF1.of("en", base, masked, new Options(Others.SUM, 2, false));
        assertEquals(1 / 3.0, sum.precision(), 1e-11);
        assertEquals(0.4, sum.recall(), 1e-11);
        // β = 2: 5 · (1/3) · 0.4 / (4/3 + 0.4) = 5/13; transposed: 5 · (1/3) · 0.4 / (1/3 + 1.6) = 10/29.
        assertEquals(5 / 13.0, sum.f(), 1e-11);
        assertEquals(10 / 29.0, LangSpecF1.of("en", base, masked, new Options(Others.SUM, 2, true)).f(), 1e-11);
        assertEquals(Map.of("en", .5 - .3, "zh", .4 - .3, "vi", .6 - .3), sum.drops());
    }

    @Test
    void gainsAreNoDrops() {
        LangSpecF1 gain = LangSpecF1.of("en", scores(.5, .5, .5), scores(.6, .4, .7), Options.DEFAULT);
        assertEquals(0, gain.precision());
        assertEquals(0, gain.recall());
        assertEquals(0, gain.f());
        assertEquals(0, LangSpecF1.of("en", scores(.5, .5, .5), scores(.5, .5, .5), Options.DEFAULT).f());
    }

    @Test
    void oneLanguageHasNoOthers() {
        assertEquals(1, LangSpecF1.of("en", Map.of("en", 0.5), Map.of("en", 0.4), Options.DEFAULT).precision(), 1e-10);
    }

    @Test
    void mismatchedLanguagesAndWeightsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> LangSpecF1.of("en", LLAMA_2_7B, Map.of("en", 0.4), Options.DEFAULT));
        assertThrows(IllegalArgumentException.class, () -> LangSpecF1.of("de", LLAMA_2_7B, LLAMA_2_7B, Options.DEFAULT));
        assertThrows(IllegalArgumentException.class, () -> new Options(Others.MEAN, 0, false));
    }

    private static Map<String, Double> scores(double en, double zh, double vi) {
        return Map.of("en", en, "zh", zh, "vi", vi);
    }
}
