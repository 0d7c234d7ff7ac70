package dev.crane.analysis.statistics;

import java.util.BitSet;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.models.random.SplitMix64;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class LineRangesTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0-63", "0-63,70,72-80", "5,7,9"})
    void textComesBack(String text) {
        assertEquals(text, LineRanges.parse(text).orElseThrow().toString());
    }

    @Test
    void touchingRangesJoin() {
        assertEquals("0-9", LineRanges.parse("5-9,0-1,2-4").orElseThrow().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "1,", "3-1", "1-3,2", "1,1", "-1", "1 ", "a", "1-2-3", "99999999999999999999"})
    void otherTextIsNone(String text) {
        assertEquals(Optional.empty(), LineRanges.parse(text));
    }

    @Test
    void sameAsABitSet() {
        SplitMix64 random = new SplitMix64(4);
        LineRanges.Growing growing = new LineRanges.Growing(LineRanges.empty());
        BitSet bits = new BitSet();
        for (int line : new SplitMix64(5).sample(120, 200)) {
            int shuffled = line * 77 % 200; // 77 and 200 have no common divisor
            growing.add(shuffled);
            bits.set(shuffled);
        }
        LineRanges ranges = growing.now();
        assertEquals(120, ranges.count());
        for (int i = 0; i < 200; i++) {
            assertEquals(bits.get(i), ranges.contains(i));
            assertEquals(bits.get(i), growing.contains(i));
            int end = i + random.nextInt(200 - i);
            assertEquals(bits.nextSetBit(i) >= 0 && bits.nextSetBit(i) <= end,
                    ranges.intersects(LineRanges.parse(i + "-" + end).orElseThrow()));
        }
        assertEquals(ranges, LineRanges.parse(ranges.toString()).orElseThrow());
    }

    @Test
    void unionsAreOfDisjointSets() {
        LineRanges a = LineRanges.parse("0-3,8").orElseThrow();
        assertEquals("0-8", a.plus(LineRanges.parse("4-7").orElseThrow()).toString());
        assertFalse(a.intersects(LineRanges.parse("4-7,9").orElseThrow()));
        assertTrue(a.intersects(LineRanges.parse("3-7").orElseThrow()));
        assertThrows(IllegalArgumentException.class, () -> a.plus(LineRanges.parse("3-7").orElseThrow()));
        assertThrows(IllegalArgumentException.class, () -> new LineRanges.Growing(a).add(8));
    }
}
