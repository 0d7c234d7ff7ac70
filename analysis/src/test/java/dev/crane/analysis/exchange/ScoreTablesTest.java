package dev.crane.analysis.exchange;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.SampleScoresWriter;
import dev.crane.analysis.table.ParquetRows;
import dev.crane.analysis.table.Row;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

class ScoreTablesTest {
    private static final HookPoint NEURON = new HookPoint(Site.MLP_NEURON, 1);

    @TempDir
    Path folder;

    /** Of unit 0 the scores 2, 4, 4, 4, 5, 5, 7, 9, whose moments MomentsTest has by hand; unit 1 never varies. */
    @Test
    void statistics() throws IOException {
        Moments moments = new Moments(2);
        for (float score : new float[]{2, 4, 4, 4, 5, 5, 7, 9})
            moments.add(new float[]{score, 3});
        LanguageStatistics statistics = new LanguageStatistics("vi", new TreeMap<>(Map.of(NEURON, moments)), new TreeMap<>(),
                new TreeMap<>(Map.of("rule", "attnlrp")));
        Path csv = folder.resolve("vi.csv");
        assertEquals(2, ScoreTables.write(statistics, csv));
        List<String> lines = Files.readAllLines(csv);
        assertEquals("language,module,site,layer,unit,n,mean,abs_mean,variance,skewness,kurtosis", lines.get(0));
        assertEquals("vi,model.layers.1.mlp.neuron,mlp.neuron,1,1,8,3.0,3.0,0.0,,", lines.get(2));
        Path parquet = folder.resolve("vi.parquet");
        ScoreTables.write(statistics, parquet);
        Map<String, Object> first = ParquetRows.read(parquet).get(0).values();
        assertEquals("model.layers.1.mlp.neuron", first.get("module"));
        assertEquals(8L, first.get("n"));
        assertEquals(5, (double) first.get("mean"), 1e-14);
        assertEquals(32 / 7.0, (double) first.get("variance"), 1e-13);
        assertEquals(0.940625, (double) first.get("kurtosis"), 1e-13);
        Map<String, Object> second = ParquetRows.read(parquet).get(1).values();
        assertNull(second.get("skewness"));
        assertNull(second.get("kurtosis"));
    }

    @Test
    void samples() throws IOException {
        Path file = SampleScores.in(folder, "en");
        UnitLayout layout = new UnitLayout(Map.of(NEURON, 2));
        try (SampleScoresWriter writer = SampleScoresWriter.open(file, "en", layout, Map.of("rule", "attnlrp"))) {
            writer.add(3, 1.5f, Map.of(NEURON, new float[]{0.25f, -1}));
            writer.add(7, -2, Map.of(NEURON, new float[]{8, 0}));
            writer.finish(Map.of("rule", "attnlrp"));
        }
        try (SampleScores samples = SampleScores.open(file)) {
            Path csv = folder.resolve("en.csv");
            assertEquals(4, ScoreTables.write(samples, csv, Progress.SILENT));
            assertEquals(List.of("language,line,target,module,site,layer,unit,score",
                    "en,3,1.5,model.layers.1.mlp.neuron,mlp.neuron,1,0,0.25",
                    "en,3,1.5,model.layers.1.mlp.neuron,mlp.neuron,1,1,-1.0", "en,7,-2.0,model.layers.1.mlp.neuron,mlp.neuron,1,0,8.0",
                    "en,7,-2.0,model.layers.1.mlp.neuron,mlp.neuron,1,1,0.0"), Files.readAllLines(csv));
            Path parquet = folder.resolve("en.parquet");
            ScoreTables.write(samples, parquet, Progress.SILENT);
            List<Row> rows = ParquetRows.read(parquet);
            assertEquals(4, rows.size());
            assertEquals(8.0, rows.get(2).values().get("score"));
            assertEquals(7L, rows.get(2).values().get("line"));
        }
    }
}
