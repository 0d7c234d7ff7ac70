package dev.crane.analysis.harness;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** Expected values are what Python 3.11's {@code ast.literal_eval} gives. */
class PythonLiteralTest {
    @Test
    void values() {
        assertEquals(List.of("a", "it's", "x\ny", "云🙂", "\\d"), PythonLiteral.read("['a', \"it's\", 'x\\ny', '云\\U0001f642', '\\d']"));
        assertEquals(List.of(1L, -2L, 1.5, 1000.0, true), PythonLiteral.read("[1, -2, 1.5, 1e3, True]"));
        assertEquals(List.of(List.of("a"), List.of()), PythonLiteral.read("(('a',), [])"));
        assertEquals("a", PythonLiteral.read("('a')"));
        assertEquals("ab", PythonLiteral.read("'a' 'b'"));
        assertEquals(Map.of("k", List.of(1L)), PythonLiteral.read("{'k': [1,],}"));
        assertEquals("A\u00e9\u0001", PythonLiteral.read("'\\x41\\u00e9\\1'"));
        assertNull(PythonLiteral.read("None"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[", "['a' 1]", "'a", "[1 2]", "f()", "__import__('os')", "a", "'\\x4'", "'''a'''", "[1]]", "{1}", "1 + 2"})
    void whatIsNone(String text) {
        assertThrows(IllegalArgumentException.class, () -> PythonLiteral.read(text));
    }

    @Test
    void nestingIsLimited() {
        assertThrows(IllegalArgumentException.class, () -> PythonLiteral.read("[".repeat(5000)));
    }
}
