package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Texts under every mask, a judge that counts their letters, and its scores read back. */
class JudgeImportCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private Path mask(String language, int layer) throws IOException {
        StringBuilder rows = new StringBuilder("0");
        for (int row = 1; row < 512; row++)
            rows.append(", ").append(row);
        return Files.writeString(folder.resolve(language + ".mask.json"), """
                {"format": "crane/mask@1", "model": "babel-base", "intervention": "zero", "units": {"model.layers.%d.mlp.neuron": [%s]},
                 "provenance": {"method": "crane", "language": "%s"}}""".formatted(layer, rows, language));
    }

    @Test
    void fromPromptsToTheTable() throws IOException {
        Path en = Files.writeString(folder.resolve("en.txt"), "The river\nWater\n");
        Path vi = Files.writeString(folder.resolve("vi.txt"), "Dòng sông\n");
        String printed = CommandRun.output("generate", "-q", "-m", CommandRun.MODEL, "-n", 5, "--unmasked", "--mask", mask("en", 5),
                "--mask",
                mask("vi", 4), "--prompts", "en=" + en, "--prompts", "vi=" + vi);
        List<JsonNode> lines = printed.lines().map(JSON::readTree).toList();
        assertEquals(List.of("en/0/none", "en/1/none", "en/0/crane/en", "en/1/crane/en", "en/0/crane/vi", "en/1/crane/vi", "vi/0/none",
                "vi/0/crane/en", "vi/0/crane/vi"), lines.stream().map(line -> line.get("id").asString()).toList());
        assertEquals("The river", lines.get(2).get("prompt").asString());
        assertEquals("crane", lines.get(2).get("method").asString());
        assertEquals("en", lines.get(2).get("mask").asString());
        assertEquals(512, lines.get(2).get("units").asInt());
        assertNotEquals(lines.get(0).get("text"), lines.get(2).get("text"));
        // What a mask's texts are does not depend on the other masks.
        JsonNode alone = JSON
                .readTree(CommandRun.output("generate", "-q", "-m", CommandRun.MODEL, "-n", 5, "--mask", folder.resolve("vi.mask.json"),
                        "--prompts", "vi=" + vi));
        assertEquals(lines.get(8), alone);
        Path generations = Files.writeString(folder.resolve("generations.jsonl"), printed);
        List<String> scores = new ArrayList<>();
        for (JsonNode line : lines)
            scores.add("{\"id\": \"" + line.get("id").asString() + "\", \"judgment\": \"Rating: [[" + (scores.size() + 1) + "]]\"}");
        scores.set(3, "{\"id\": \"en/1/crane/en\", \"judgment\": \"no idea\"}");
        Path judged = Files.write(folder.resolve("scores.jsonl"), scores);
        Path out = folder.resolve("judge.csv");
        String table = CommandRun.output("judge-import", "--generations", generations, "--scores", judged, "-o", out);
        assertTrue(table.contains("crane   en    en         3.00      1.50   +1.50       1        1"), table);
        assertEquals("babel-base,crane,en,,512,en,judge,3.0,1.5,1.5,1,1", Files.readAllLines(out).get(2));
        assertEquals(7, Files.readAllLines(out).size());
        JsonNode json = JSON
                .readTree(CommandRun.output("judge-import", "--generations", generations, "--scores", judged, "--json", "--max", 2));
        assertEquals("crane/judge@1", json.get("format").asString());
        assertTrue(json.get("rows").get(1).get("value").isNull(), json.toString());
        assertEquals(2, json.get("rows").get(1).get("dropped").asInt());
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"id\": \"a\", \"score\": 1}\n");
        assertTrue(CommandRun.usageError("judge-import", "--generations", file, "--scores", file, "--min", 3, "--max", 2)
                .contains("is above --max"));
        assertTrue(CommandRun.failure("judge-import", "--generations", file, "--scores", file, "-o", folder.resolve("x.txt"))
                .contains("as .csv or .parquet"));
        assertTrue(CommandRun.failure("judge-import", "--generations", file, "--scores", file, "--pattern", "(")
                .contains("is no regular expression"));
        assertTrue(CommandRun.failure("judge-import", "--generations", folder.resolve("none"), "--scores", file).contains("cannot read"));
        assertTrue(CommandRun.usageError("generate", "-m", CommandRun.MODEL, "--unmasked", "x").contains("go with --prompts"));
        assertTrue(CommandRun.usageError("generate", "-m", CommandRun.MODEL, "--prompts", file, "--prompts", file)
                .contains("languages of their own"));
    }
}
