package dev.crane.analysis.evaluate;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.file.FileErrors;

/**
 * The scores of a list of requests under one condition, as they become known. With a file they outlive the process: each batch's are appended as one
 * line; a log opened again holds the lines that were written whole, and one torn by a kill is dropped. Numbers are written so that they read back with
 * the same bits.
 */
public final class ScoreLog {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final TokenScore[] scores;
    /** Null: in memory only. */
    private final Path file;
    private final String head;
    /** How much of the file is ours and whole; what lies behind is cut off at the next write. */
    private long written;
    private int known;

    private ScoreLog(int requests, Path file, String head) {
        this.scores = new TokenScore[requests];
        this.file = file;
        this.head = head;
    }

    private record Head(String format, String inputs, int requests) {}

    private record Line(int[] requests, double[] logprobs, List<Boolean> greedy) {}

    /** A log that ends with the process. */
    public static ScoreLog inMemory(int requests) {
        return new ScoreLog(requests, null, "");
    }

    /**
     * Opens a log; one that was written for something else counts as empty. The file appears with the first scores.
     *
     * @param inputs what the scores depend on, as a hash
     * @param requests how many requests there are
     */
    public static ScoreLog open(Path file, String inputs, int requests) {
        ScoreLog log = new ScoreLog(requests, file, JSON.writeValueAsString(new Head("crane/scores@1", inputs, requests)) + "\n");
        try {
            // One byte a character, so that places in the text are places in the file; all that is ever written is ASCII.
            if (Files.exists(file))
                log.read(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
        return log;
    }

    private void read(String text) {
        if (!text.startsWith(head))
            return;
        int whole = head.length();
        for (int end = text.indexOf('\n', whole); end >= 0; end = text.indexOf('\n', whole)) {
            try {
                Line line = JSON.readValue(text.substring(whole, end), Line.class);
                for (int i = 0; i < line.requests.length; i++)
                    put(line.requests[i], new TokenScore(line.logprobs[i], line.greedy.get(i)));
            } catch (JacksonException | IndexOutOfBoundsException | NullPointerException damaged) {
                break; // what follows is scored again
            }
            whole = end + 1;
        }
        written = whole;
    }

    private void put(int request, TokenScore score) {
        if (scores[request] == null)
            known++;
        scores[request] = score;
    }

    /** Adds the scores of some requests. */
    public void add(int[] requests, List<TokenScore> found) {
        for (int i = 0; i < requests.length; i++)
            put(requests[i], found.get(i));
        if (file == null)
            return;
        Line line = new Line(requests, found.stream().mapToDouble(TokenScore::logprob).toArray(),
                found.stream().map(TokenScore::greedy).toList());
        ByteBuffer bytes = ByteBuffer
                .wrap(((written == 0 ? head : "") + JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.US_ASCII));
        try {
            if (written == 0)
                Files.createDirectories(file.toAbsolutePath().getParent());
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.truncate(written).position(written);
                written += bytes.remaining();
                while (bytes.hasRemaining())
                    channel.write(bytes);
            }
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }

    /** Whether a request's score is known. */
    public boolean has(int request) {
        return scores[request] != null;
    }

    /** How many requests' scores are known. */
    public int known() {
        return known;
    }

    /** Whether all are. */
    public boolean complete() {
        return known == scores.length;
    }

    /** A known score. */
    public TokenScore get(int request) {
        return scores[request];
    }

    /** All scores; every one must be known. */
    public List<TokenScore> all() {
        if (!complete())
            throw new IllegalStateException(known + " of " + scores.length + " scores are known");
        return Arrays.asList(scores.clone());
    }

    /** Removes the file; what was in it is in the results by now. */
    public void delete() {
        if (file == null)
            return;
        try {
            Files.deleteIfExists(file);
            written = 0;
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }
}
