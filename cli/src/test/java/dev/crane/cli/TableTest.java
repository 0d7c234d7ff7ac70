package dev.crane.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class TableTest {

    private static String print(Table table) {
        StringWriter text = new StringWriter();
        table.print(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void columnsAlign() {
        Table table = new Table().text("method").number("own rise").text("note").row("crane", "1.09", "best").row("kurtosis", ".04", null)
                .gap().row("random", "-0.08", "");
        assertEquals("""
                method    own rise  note
                crane         1.09  best
                kurtosis       .04

                random       -0.08
                """, print(table));
    }

    @Test
    void widthIsThatOfTheTerminal() {
        assertEquals(4, Table.width("中文"));
        assertEquals(10, Table.width("Tiếng Việt"));
        assertEquals(10, Table.width(java.text.Normalizer.normalize("Tiếng Việt", java.text.Normalizer.Form.NFD)));
        assertEquals(2, Table.width("😀"));
        assertEquals("""
                text    n
                中文    1
                latin  10
                """, print(new Table().text("text").number("n").row("中文", 1).row("latin", 10)));
    }

    @Test
    void headerIsLeftOutWhenEmpty() {
        assertEquals("a  b\n", print(new Table().text("").text("").row("a", "b")));
    }

    @Test
    void rowsMustFit() {
        assertThrows(IllegalArgumentException.class, () -> new Table().text("a").row("1", "2"));
    }

    @Test
    void cutNeverExceedsTheCells() {
        assertEquals("abc", Table.cut("abc", 3));
        assertEquals("ab…", Table.cut("abcd", 3));
        assertEquals("中…", Table.cut("中文字", 4));
    }
}
