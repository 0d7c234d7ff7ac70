package dev.crane.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong clock = new AtomicLong(17 * SECOND);

    private Progress progress(Progress.Style style, long total) {
        return new Progress("relevance en", "samples", total, style, new PrintStream(bytes, true, StandardCharsets.UTF_8), clock::get, 60);
    }

    private String shown() {
        String text = bytes.toString(StandardCharsets.UTF_8);
        bytes.reset();
        return text;
    }

    @Test
    void linesComeEveryFewSeconds() {
        try (Progress progress = progress(Progress.Style.LINES, 128)) {
            progress.add(8, 1000);
            assertEquals("", shown());
            clock.addAndGet(8 * SECOND);
            progress.add(24, 7000);
            assertEquals("relevance en: 32/128 samples, 25 %, 1,000 tokens/s, 0:24 left\n", shown());
            clock.addAndGet(SECOND);
            progress.add(1, 0);
            assertEquals("", shown());
            progress.add(95, 1000);
        }
        assertEquals("relevance en: 128 samples, 9,000 tokens in 9.0 s (1,000 tokens/s)\n", shown());
    }

    @Test
    void aTerminalHasOneLine() {
        Progress progress = progress(Progress.Style.TERMINAL, 10);
        progress.add(5, 0);
        assertEquals("\r\033[Krelevance en: 5/10 samples, 50 %, 0.0 s left", shown());
        progress.note("a word");
        assertEquals("\r\033[Ka word\n", shown());
        progress.add(1, 0);
        assertEquals("\r\033[Krelevance en: 6/10 samples, 60 %, 0.0 s left", shown(), "shown again at once after a note");
        progress.close();
        assertEquals("\r\033[K", shown(), "nothing is claimed of a task that was not finished");
    }

    @Test
    void whatAnEarlierRunDidIsNoMeasureOfSpeed() {
        try (Progress progress = progress(Progress.Style.LINES, 100)) {
            progress.skip(50);
            clock.addAndGet(10 * SECOND);
            progress.add(10, 100);
            assertEquals("relevance en: 60/100 samples, 60 %, 10 tokens/s, 0:40 left\n", shown());
            progress.add(40, 0);
        }
        assertEquals("relevance en: 100 samples (50 done before), 100 tokens in 0:10 (10 tokens/s)\n", shown());
    }

    @Test
    void quietIsQuiet() {
        try (Progress progress = progress(Progress.Style.NONE, 3)) {
            clock.addAndGet(60 * SECOND);
            progress.add(3, 3);
        }
        assertEquals("", shown());
    }

    @Test
    void durations() {
        assertEquals("4.2 s", Progress.duration(4.2));
        assertEquals("0:10", Progress.duration(9.96));
        assertEquals("1:00", Progress.duration(59.9));
        assertEquals("3:05:00", Progress.duration(3 * 3600 + 300));
    }
}
