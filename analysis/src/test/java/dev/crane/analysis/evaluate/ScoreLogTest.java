package dev.crane.analysis.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ScoreLogTest {
    /** No short decimal number stands for it: reads back with the same bits only if written in full. */
    private static final TokenScore ODD = new TokenScore(-Math.PI * 1e3 / 7, true);

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("work/scores.jsonl");
    }

    @Test
    void scoresOutliveTheProcess() {
        ScoreLog.open(file(), "inputs", 3).add(new int[]{2, 0}, List.of(ODD, new TokenScore(0, false)));
        ScoreLog again = ScoreLog.open(file(), "inputs", 3);
        assertEquals(2, again.known());
        assertFalse(again.has(1));
        again.add(new int[]{1}, List.of(ODD));
        assertEquals(List.of(new TokenScore(0, false), ODD, ODD), ScoreLog.open(file(), "inputs", 3).all());
    }

    @Test
    void aLogOfSomethingElseIsNotBelieved() {
        ScoreLog.open(file(), "inputs", 3).add(new int[]{0}, List.of(ODD));
        assertEquals(0, ScoreLog.open(file(), "others", 3).known());
        ScoreLog.open(file(), "others", 3).add(new int[]{1}, List.of(ODD));
        assertTrue(ScoreLog.open(file(), "others", 3).has(1));
        assertEquals(0, ScoreLog.open(file(), "inputs", 3).known());
    }

    /** A kill can end the file at any byte. */
    @Test
    void aTornEndIsDropped() throws IOException {
        ScoreLog log = ScoreLog.open(file(), "inputs", 3);
        log.add(new int[]{0}, List.of(ODD));
        int first = (int) Files.size(file());
        log.add(new int[]{1, 2}, List.of(ODD, ODD));
        byte[] whole = Files.readAllBytes(file());
        for (int length = 0; length <= whole.length; length++) {
            Files.write(file(), Arrays.copyOf(whole, length));
            ScoreLog torn = ScoreLog.open(file(), "inputs", 3);
            assertEquals(length < first ? 0 : length < whole.length ? 1 : 3, torn.known(), "cut to " + length + " of " + whole.length);
            torn.add(new int[]{0, 1, 2}, List.of(ODD, ODD, ODD));
            assertEquals(List.of(ODD, ODD, ODD), ScoreLog.open(file(), "inputs", 3).all());
        }
    }

    @Test
    void damagedNumbersAreScoredAgain() throws IOException {
        ScoreLog.open(file(), "inputs", 3).add(new int[]{0}, List.of(ODD));
        for (String line : List.of("{}", "{\"requests\":[9],\"logprobs\":[0],\"greedy\":[true]}", "null",
                "{\"requests\":[1],\"logprobs\":[],\"greedy\":[]}", "\0\0\0\0")) {
            String text = Files.readString(file());
            Files.writeString(file(), text + line + "\n");
            assertEquals(1, ScoreLog.open(file(), "inputs", 3).known(), line);
            Files.writeString(file(), text);
        }
    }
}
