package dev.crane.analysis.experiment;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import dev.crane.analysis.evaluate.ChoiceItem;
import dev.crane.analysis.evaluate.ChoiceResult;
import dev.crane.analysis.evaluate.DocumentResult;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.TaskInfo;
import dev.crane.analysis.evaluate.TokenScore;
import dev.crane.analysis.experiment.ResultTables.IntervalRow;
import dev.crane.analysis.metric.LangSpecF1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Two languages, two texts of ten tokens and four questions each; a mask for en and a control of two seeds, all by hand. */
class ResultTablesTest {
    private static final LangSpecF1.Options OPTIONS = new LangSpecF1.Options(LangSpecF1.Others.SUM, 2, false);
    private static ResultTables tables;

    private static Measurement.Texts texts(String language, double first, double second) {
        return new Measurement.Texts(language, List.of(new DocumentResult(0, -first, 10, 40), new DocumentResult(1, -second, 10, 40)));
    }

    private static Measurement.Choices questions(String language, int right) {
        List<ChoiceResult> results = new ArrayList<>();
        for (int i = 0; i < 4; i++)
            results.add(new ChoiceResult(new ChoiceItem(i, "", List.of("a", "b"), 0),
                    List.of(new TokenScore(i < right ? -1 : -3, false), new TokenScore(-2, false))));
        return new Measurement.Choices(language, "task_" + language,
                new TaskInfo("task", "1", 0, 4, List.of(Metric.ACC, Metric.ACC_NORM), List.of()), results);
    }

    private static Evaluated one(String method, String seed, double enRise, double zhRise, int enRight, int zhRight) {
        MaskKey key = method.equals("none") ? MaskKey.UNMASKED : new MaskKey(method, "en", seed);
        return new Evaluated(key, 3,
                List.of(texts("en", 20 + 10 * enRise, 30 + 10 * enRise), texts("zh", 40 + 10 * zhRise, 50 + 10 * zhRise),
                        questions("en", enRight), questions("zh", zhRight)));
    }

    @BeforeAll
    static void compute() {
        tables = ResultTables.of("m", List.of(one("none", "", 0, 0, 4, 4), one("crane", "", 0.9, 0.1, 1, 3),
                one("random", "1", 0.1, 0.1, 4, 3), one("random", "2", 0.3, 0.1, 4, 4)),
                Controls.among(List.of(new MaskKey("crane", "en", ""), new MaskKey("random", "en", "1"))), OPTIONS);
    }

    private static IntervalRow row(String method, String language, String metric, String against) {
        return tables.intervals().stream().filter(row -> row.key().method().equals(method) && row.language().equals(language)
                && row.metric().equals(metric) && row.against().equals(against)).findFirst().orElseThrow();
    }

    /** Both texts rise by as much, so nothing that is drawn differs. */
    @Test
    void changesAreAgainstTheUnmaskedModelAndTheMeanOfTheControlsSeeds() {
        assertEquals(0.9, row("crane", "en", "perplexity", "none").estimate().value(), 1e-14);
        IntervalRow against = row("crane", "en", "perplexity", "random");
        assertEquals(0.9 - 0.2, against.estimate().value(), 1e-14);
        assertEquals(0.7, against.estimate().low(), 1e-14);
        assertEquals(0.7, against.estimate().high(), 1e-14);
        assertEquals(0, row("crane", "zh", "perplexity", "random").estimate().value(), 1e-14);
        // Three of four wrong; the control none and none. In zh one wrong; the control one and none: half.
        assertEquals(-0.75, row("crane", "en", "task.acc", "random").estimate().value(), 1e-15);
        assertEquals(-0.25 + 0.125, row("crane", "zh", "task.acc", "random").estimate().value(), 1e-15);
    }

    @Test
    void selectivityIsAgainstTheControlToo() {
        assertEquals(0.9, row("crane", "en", "selectivity", "none").estimate().value(), 1e-12);
        // .9 / 1 − (.1 / .2 + .3 / .4) / 2
        IntervalRow against = row("crane", "en", "selectivity", "random");
        assertEquals(0.9 - 0.625, against.estimate().value(), 1e-12);
        assertTrue(against.estimate().p() < 0.001, against.toString());
        assertTrue(Double.isNaN(row("crane", "en", "selectivity", "none").estimate().p()));
    }

    @Test
    void langSpecF1TakesItsOptions() {
        // Drops .75 of 1 and .25: P = .75, R = .75, F = .75 at any β; of the control's: drop 0 of en, so 0.
        assertEquals(0.75, tables.summary().getFirst().langspecF1(), 1e-11);
        assertEquals(0.75, row("crane", "en", "langspec_f1", "none").estimate().value(), 1e-11);
        assertEquals(0.75, row("crane", "en", "langspec_f1", "random").estimate().value(), 1e-11);
    }

    @Test
    void comparisonsOfOneKindAreCorrectedTogether() {
        // Own-language rises against the unmasked model: crane and two seeds, each at the least p there is, 1/10,001.
        for (String method : List.of("crane", "random"))
            assertEquals(3 / 10_001.0, row(method, "en", "perplexity", "none").holm(), 1e-15);
        assertEquals(1 / 10_001.0, row("crane", "en", "perplexity", "random").holm(), 1e-15);
        assertTrue(Double.isNaN(row("crane", "en", "selectivity", "none").holm()));
    }

    @Test
    void theControlItselfIsComparedWithTheUnmaskedModelAlone() {
        assertTrue(tables.intervals().stream().noneMatch(row -> row.key().method().equals("random") && !row.against().equals("none")));
        List<String> lines = tables.intervalsCsv().lines().toList();
        assertEquals("model,method,mask,seed,language,metric,against,change,low,high,p,p_holm", lines.getFirst());
        assertEquals(1 + tables.intervals().size(), lines.size());
    }
}
