package dev.crane.analysis.report;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PaperTableTest {
    private static final PaperTable TABLE = new PaperTable(ReportPageTest.example(), new MethodTable(ReportPageTest.example()));

    @Test
    void markdownHasALineAMethod() {
        List<String> lines = TABLE.markdown().lines().filter(line -> line.startsWith("|")).toList();
        assertEquals(
                "| method | units | own rise, en | own rise, zh | own rise, vi | others' rise, en | others' rise, zh | others' rise, vi | "
                        + "selectivity, en | selectivity, zh | selectivity, vi |",
                lines.getFirst());
        // Half the interval 0.9 … 1.1; zh is within noise of its control.
        assertEquals("| crane | 5 | 1.00 ± 0.10 | 1.00† | 1.00 | 0.00 | 0.00 | 0.00 | 1.00 | 1.00 | 1.00 |", lines.get(2));
        assertEquals("| random | 5 | 0.20 ± 0.14 | 0.20 ± 0.14 | 0.20 ± 0.14 | 0.20 | 0.20 | 0.20 | 0.50 | 0.50 | 0.50 |", lines.get(3));
        assertEquals(4, lines.size());
        for (String line : lines)
            assertEquals(lines.getFirst().chars().filter(c -> c == '|').count(), line.chars().filter(c -> c == '|').count(), line);
    }

    @Test
    void latexIsBooktabs() {
        String latex = TABLE.latex();
        for (String part : List.of("\\toprule", "\\midrule", "\\bottomrule", "\\cmidrule(lr){3-5}\\cmidrule(lr){6-8}\\cmidrule(lr){9-11}",
                "\\multicolumn{3}{c}{own rise}", "crane & 5 & 1.00 $\\pm$ 0.10 & 1.00$^\\dagger$ & 1.00 & 0.00"))
            assertTrue(latex.contains(part), part + " in " + latex);
        assertTrue(latex.chars().allMatch(c -> c < 128), "plain ASCII");
    }

    @Test
    void namesAreEscapedForLatex() {
        assertEquals("a\\_b \\& 5\\% \\{\\textbackslash{}x\\}", PaperTable.latex("a_b & 5% {\\x}"));
    }
}
