package dev.crane.analysis.judge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class JudgeTableTest {
    @TempDir
    Path folder;
    private Path generations;

    /** Three prompts of vi and one of en, unmasked and under the mask of vi. */
    @BeforeEach
    void texts() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (String[] condition : new String[][]{{"none", "", "0"}, {"crane", "vi", "154"}})
            for (String prompt : List.of("vi/0", "vi/1", "vi/2", "en/0"))
                lines.append("""
                        {"id": "%s/%s", "model": "m", "method": "%s", "mask": "%s", "units": %s, "language": "%s", "text": "…"}
                        """.formatted(prompt, condition[0], condition[0], condition[1], condition[2], prompt.substring(0, 2)));
        generations = Files.writeString(folder.resolve("generations.jsonl"), lines);
    }

    private Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private String table(Path scores, JudgeScores.Reading reading) throws IOException {
        Path out = folder.resolve("judge.csv");
        JudgeTable.of(Generation.read(generations), JudgeScores.read(scores, reading), "judge").write(out);
        return Files.readString(out);
    }

    /** By hand: vi unmasked (8 + 9 + 4) / 3 = 7, masked (2 + 5) / 2 = 3.5 as one failed; en 6 unmasked, and no score of the masked one. */
    @Test
    void meansOfWhatCouldBeRead() throws IOException {
        Path scores = file("scores.jsonl", "{\"id\": \"vi/0/none\", \"score\": 8}", "{\"id\": \"vi/1/none\", \"score\": \"9\"}",
                "{\"id\": \"vi/2/none\", \"score\": \"The answer is fluent. Rating: [[4]]\"}",
                "{\"id\": \"en/0/none\", \"score\": {\"score\": 6}}",
                "{\"id\": \"vi/0/crane\", \"score\": \"```json {\\\"reason\\\": \\\"poor\\\", \\\"score\\\": 2}```\"}",
                "{\"id\": \"vi/1/crane\", \"score\": \"I cannot rate this, perhaps 3.\"}", "{\"id\": \"vi/2/crane\", \"score\": 5}",
                "{\"id\": \"elsewhere\", \"score\": 10}");
        String expected = """
                model,method,mask,seed,units,language,metric,value,unmasked,change,scored,dropped
                m,none,,,0,vi,judge,7.0,7.0,0.0,3,0
                m,none,,,0,en,judge,6.0,6.0,0.0,1,0
                m,crane,vi,,154,vi,judge,3.5,7.0,-3.5,2,1
                m,crane,vi,,154,en,judge,,6.0,,0,1
                """;
        assertEquals(expected, table(scores, JudgeScores.Reading.DEFAULT));
        assertEquals(1,
                JudgeTable.of(Generation.read(generations), JudgeScores.read(scores, JudgeScores.Reading.DEFAULT), "judge").unmatched());
    }

    @Test
    void csvWithARangeAndAPattern() throws IOException {
        Path scores = file("scores.csv", "id,text", "vi/0/none,\"Grade: 3, \"\"good\"\"\"", "vi/1/none,Grade: 5", "vi/2/none,Grade: 11",
                "en/0/none,[[4]]",
                "vi/0/crane,Grade: 1", "vi/1/crane,Grade: 2 or Grade: 3", "vi/2/crane,Grade: 2 and so Grade: 2");
        assertEquals("""
                model,method,mask,seed,units,language,metric,value,unmasked,change,scored,dropped
                m,none,,,0,vi,judge,4.0,4.0,0.0,2,1
                m,none,,,0,en,judge,,,,0,1
                m,crane,vi,,154,vi,judge,1.5,4.0,-2.5,2,1
                m,crane,vi,,154,en,judge,,,,0,1
                """, table(scores, new JudgeScores.Reading("text", JudgeScores.Reading.pattern("Grade: (\\d+)"), 1, 10)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            value = {"Rating: [[7]] | 7", "[[ 7.5 ]] | 7.5", "First [[3]], no, [[4]] | NaN", "Again [[4]] and [[4.0]] | 4",
                    "{\"score\": 7} | 7", "{\"Rating\": \"7\", \"why\": \"…\"} | 7", "7 | 7", "-1 | -1", "7/10 | NaN", "seven | NaN",
                    "[[x]] | NaN",
                    "{\"score\": null} | NaN", "{\"score\": 1e999} | NaN", "[[11]] and {\"score\": 2} | 11"})
    void whatIsFoundInAText(String text, double expected) {
        assertEquals(Double.isNaN(expected) ? OptionalDouble.empty() : OptionalDouble.of(expected), JudgeScores.Reading.DEFAULT.find(text));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        assertTrue(refusal(file("a.jsonl", "{\"id\": \"x\", \"score\": 1}"))
                .contains("none of the 1 scores has the id of a text, such as 'vi/0/none'"));
        assertTrue(refusal(file("a.jsonl", "{\"id\": \"vi/0/none\", \"score\": 1}", "{\"id\": \"vi/0/none\", \"score\": 2}"))
                .contains("line 2: the id 'vi/0/none' is scored already"));
        assertTrue(refusal(file("a.jsonl", "{\"score\": 1}")).endsWith("line 1 has no \"id\""));
        assertTrue(refusal(file("a.jsonl", "{\"id\": 1, \"points\": 1}")).contains("line 1 has no score: none of score, judgment"));
        assertTrue(refusal(file("a.csv", "id,score")).endsWith("holds no scores"));
        assertTrue(assertThrows(CraneException.class, () -> JudgeScores.Reading.pattern("Rating")).getMessage().contains("has no group"));
        assertTrue(assertThrows(CraneException.class, () -> JudgeScores.Reading.pattern("(")).getMessage()
                .contains("is no regular expression"));
        Files.writeString(generations, "{\"id\": \"a\"}\n{\"id\": \"a\"}\n");
        assertTrue(refusal(file("a.jsonl", "{\"id\": \"a\", \"score\": 1}")).contains("line 2: the id 'a' is there already"));
        Files.writeString(generations, "{\"id\": \"a\"}\n");
        assertEquals("""
                model,method,mask,seed,units,language,metric,value,unmasked,change,scored,dropped
                ,none,,,0,,judge,1.0,1.0,0.0,1,0
                """, table(file("a.jsonl", "{\"id\": \"a\", \"score\": 1}"), JudgeScores.Reading.DEFAULT));
    }

    private String refusal(Path scores) {
        return assertThrows(CraneException.class, () -> table(scores, JudgeScores.Reading.DEFAULT)).getMessage();
    }
}
