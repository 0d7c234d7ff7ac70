package dev.crane.analysis.yaml;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

class YamlReaderTest {
    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("file.yaml"), text);
    }

    @Test
    void valuesKnowTheirPlace() throws IOException {
        YamlNode.Mapping root = YamlReader.read(file("a: 1\nlist:\n  - {name: crane, budget: 0.05}  # a comment\nno: ''\n"));
        YamlSection section = YamlSection.of("", root, List.of("a", "list", "no"));
        assertEquals(1L, section.whole("a", 0, 9).orElseThrow());
        assertFalse(section.find("no").isPresent(), "an empty value counts as absent");
        YamlSection item = YamlSection.of("list", section.items("list").getFirst(), List.of("name", "budget"));
        assertEquals("crane", item.text("name").orElseThrow());
        assertEquals(0.05, item.number("budget").orElseThrow());
        assertEquals(3, item.need("budget").place().line());
        assertEquals(27, item.need("budget").place().column());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "''|the file is empty",
            "just words|file.yaml:1:1: expected 'key: value' lines, found 'just words'",
            "a: 1\\na: 2|file.yaml:2:1: key 'a' stands twice, first in line 1",
            "a: &x 1\\nb: *x|file.yaml:2:4: aliases (*) are not read here",
            "a: {b: 1|not valid YAML: ",
            "a: 1\\n---\\nb: 2|a second document begins here",
    })
    void mistakesArePointedAt(String text, String message) throws IOException {
        Path file = file(text.replace("\\n", "\n"));
        String found = assertThrows(CraneException.class, () -> YamlReader.read(file)).getMessage();
        assertEquals(1, found.lines().count(), found);
        assertContains(message, found);
    }

    @Test
    void onlyUtf8IsRead() throws IOException {
        Path file = Files.write(folder.resolve("latin.yaml"), "a: é".getBytes(StandardCharsets.ISO_8859_1));
        assertContains("latin.yaml: not valid UTF-8", assertThrows(CraneException.class, () -> YamlReader.read(file)).getMessage());
        assertContains("absent.yaml: no such file",
                assertThrows(CraneException.class, () -> YamlReader.read(folder.resolve("absent.yaml"))).getMessage());
    }

    @Test
    void unknownKeysNameTheNearest() throws IOException {
        YamlNode root = YamlReader.read(file("samples: 1\nmax-token: 2\nzzz: 3\n"));
        assertContains("file.yaml:2:1: unknown key 'max-token' in scores; did you mean 'max-tokens'?", assertThrows(CraneException.class,
                () -> YamlSection.of("scores", root, List.of("samples", "max-tokens", "zzz"))).getMessage());
        assertContains("file.yaml:3:1: unknown key 'zzz'; known are samples, max-token", assertThrows(CraneException.class,
                () -> YamlSection.of("", root, List.of("samples", "max-token"))).getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"few|expected a whole number, found 'few'", "1.5|expected a whole number, found '1.5'",
            "0|0 is not within 1 … 10", "[1, 2]|expected a whole number, found a list", "1e1000000000|expected a whole number"})
    void wrongNumbersAreToldWithTheirPlace(String value, String message) throws IOException {
        YamlSection section = YamlSection.free("", YamlReader.read(file("samples: " + value)));
        assertContains("file.yaml:1:10: samples: " + message,
                assertThrows(CraneException.class, () -> section.whole("samples", 1, 10)).getMessage());
    }

    @Test
    void distanceIsLevenshteins() {
        assertEquals(3, Nearest.distance("kitten", "sitting")); // the textbook's pair
        assertEquals(4, Nearest.distance("", "four"));
    }

    private static void assertContains(String part, String whole) {
        assertEquals(true, whole.contains(part), () -> "'" + whole + "' should hold '" + part + "'");
    }
}
