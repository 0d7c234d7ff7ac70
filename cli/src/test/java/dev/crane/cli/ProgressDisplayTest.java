package dev.crane.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import dev.crane.analysis.Progress.Step;

import static org.junit.jupiter.api.Assertions.assertEquals;

class ProgressDisplayTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong clock = new AtomicLong(17 * SECOND);

    private ProgressDisplay display(ProgressDisplay.Style style) {
        return new ProgressDisplay(style, new PrintStream(bytes, true, StandardCharsets.UTF_8), clock::get, 60);
    }

    private String shown() {
        String text = bytes.toString(StandardCharsets.UTF_8);
        bytes.reset();
        return text;
    }

    private static Step step(long done, long tokens, double seconds) {
        return new Step("relevance en", done, 128, "samples", tokens, seconds);
    }

    @Test
    void linesComeEveryFewSeconds() {
        try (ProgressDisplay display = display(ProgressDisplay.Style.LINES)) {
            display.report(step(0, 0, 0));
            display.report(step(8, 1000, 1));
            assertEquals("", shown());
            clock.addAndGet(8 * SECOND);
            display.report(step(32, 8000, 8));
            assertEquals("relevance en: 32/128 samples, 25 %, 1,000 tokens/s, 0:24 left\n", shown());
            clock.addAndGet(SECOND);
            display.report(step(33, 8000, 9));
            assertEquals("", shown());
            display.report(step(128, 9000, 9));
            assertEquals("relevance en: 128 samples, 9,000 tokens in 9.0 s (1,000 tokens/s)\n", shown());
        }
        assertEquals("", shown());
    }

    @Test
    void aTerminalHasOneLine() {
        ProgressDisplay display = display(ProgressDisplay.Style.TERMINAL);
        display.report(step(0, 0, 0));
        assertEquals("\r\033[Krelevance en: 0/128 samples, 0 %", shown());
        display.report(step(1, 0, 0.01));
        assertEquals("", shown(), "too soon");
        clock.addAndGet(SECOND);
        display.report(step(64, 0, 1));
        assertEquals("\r\033[Krelevance en: 64/128 samples, 50 %, 1.0 s left", shown());
        display.note("resumed");
        assertEquals("\r\033[Kresumed\n", shown());
        display.report(step(96, 0, 2));
        assertEquals("\r\033[Krelevance en: 96/128 samples, 75 %, 0.7 s left", shown(), "comes back at once after a note");
        display.close();
        assertEquals("\r\033[K", shown(), "nothing is claimed of a task that was not finished");
    }

    @Test
    void whatAnEarlierRunDidIsNoMeasureOfSpeed() {
        ProgressDisplay display = display(ProgressDisplay.Style.LINES);
        display.report(step(108, 0, 0));
        clock.addAndGet(10 * SECOND);
        display.report(step(118, 100, 10));
        assertEquals("relevance en: 118/128 samples, 92 %, 10 tokens/s, 0:10 left\n", shown());
    }

    @Test
    void aLongLineIsCutToTheTerminal() {
        ProgressDisplay display = display(ProgressDisplay.Style.TERMINAL);
        display.report(new Step("困惑度 zh — ".repeat(10), 1, 2, "文本", 0, 1));
        assertEquals(59, Table.width(shown().substring("\r\033[K".length())));
    }

    @Test
    void quietIsQuiet() {
        ProgressDisplay display = display(ProgressDisplay.Style.NONE);
        clock.addAndGet(60 * SECOND);
        display.report(step(1, 1, 1));
        display.note("a word");
        display.report(step(128, 1, 1));
        display.close();
        assertEquals("", shown());
    }

    @Test
    void durations() {
        assertEquals("4.2 s", ProgressDisplay.duration(4.2));
        assertEquals("0:10", ProgressDisplay.duration(9.96));
        assertEquals("1:00", ProgressDisplay.duration(59.9));
        assertEquals("3:05:00", ProgressDisplay.duration(3 * 3600 + 300));
    }
}
