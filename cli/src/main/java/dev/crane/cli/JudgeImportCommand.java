package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.experiment.MaskKey;
import dev.crane.analysis.judge.Generation;
import dev.crane.analysis.judge.JudgeScores;
import dev.crane.analysis.judge.JudgeTable;
import dev.crane.analysis.table.TableWriter;
import dev.crane.engine.CraneException;

/** {@code crane judge-import}: what a judge said of generated texts, by mask and language. */
@Command(name = "judge-import", description = "Read a judge's scores of generated texts back.", footer = {"",
        "Scores are JSON lines or CSV: the id of a text of 'crane generate --prompts', and a score or what the judge wrote, in which 'Rating: [[7]]',",
        "{\"score\": 7}, or nothing but a number is found. What cannot be read, or says several things, is dropped and counted, never averaged.",
        "",
        "Example:",
        "  crane generate -m MODEL --unmasked --mask vi.mask.json --prompts en=en.jsonl --prompts vi=vi.jsonl > generations.jsonl",
        "  crane judge-import --generations generations.jsonl --scores scores.jsonl --min 1 --max 10 --out judge.csv"})
final class JudgeImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--generations", required = true, paramLabel = "FILE",
            description = "The texts: what 'crane generate --prompts' printed.")
    private Path generations;

    @Option(names = "--scores", required = true, paramLabel = "FILE", description = "The scores: .csv, otherwise JSON lines.")
    private Path scores;

    @Option(names = "--field", paramLabel = "NAME",
            description = "Key or column of the score or of the judge's text. Default: score, judgment, rating, response, output or text, what there is.")
    private String field;

    @Option(names = "--pattern", paramLabel = "REGEX", description = "Finds the score in the judge's text, as its first group.")
    private String pattern;

    @Option(names = "--min", paramLabel = "X", description = "Drop scores below.")
    private double least = Double.NEGATIVE_INFINITY;

    @Option(names = "--max", paramLabel = "X", description = "Drop scores above.")
    private double most = Double.POSITIVE_INFINITY;

    @Option(names = "--metric", paramLabel = "NAME", description = "What the score is called in the table. Default: ${DEFAULT-VALUE}.")
    private String metric = "judge";

    @Option(names = {"-o", "--out"}, paramLabel = "FILE",
            description = "The table, .csv or .parquet: the columns of matrix.csv, and how many texts were scored and dropped.")
    private Path out;

    @Mixin
    private JsonOption json;

    /** What {@code --json} prints. */
    record Judged(String format, List<JudgedRow> rows, int unmatched) {}

    /** A row of it; null where there is no number. */
    record JudgedRow(String model, String method, String mask, String seed, int units, String language, String metric, Double value,
            Double unmasked, Double change, int scored, int dropped) {
        static JudgedRow of(JudgeTable.Cell row) {
            return new JudgedRow(row.model(), row.key().method(), row.key().mask(), row.key().seed(), row.units(), row.language(),
                    row.metric(),
                    orNull(row.value()), orNull(row.unmasked()), orNull(row.change()), row.scored(), row.dropped());
        }

        private static Double orNull(double value) {
            return Double.isNaN(value) ? null : value;
        }
    }

    @Override
    public Integer call() {
        if (least > most)
            throw new ParameterException(spec.commandLine(), "--min " + least + " is above --max " + most);
        if (out != null && !TableWriter.isTable(out))
            throw new CraneException(out + ": tables are written as .csv or .parquet");
        JudgeScores.Reading reading = new JudgeScores.Reading(field, pattern == null ? null : JudgeScores.Reading.pattern(pattern), least,
                most);
        JudgeTable table = JudgeTable.of(Generation.read(generations), JudgeScores.read(scores, reading), metric);
        if (out != null)
            table.write(out);
        PrintWriter print = spec.commandLine().getOut();
        if (json.asked())
            Json.print(print, new Judged("crane/judge@1", table.rows().stream().map(JudgedRow::of).toList(), table.unmatched()));
        else
            print(table, print);
        return ExitStatus.OK;
    }

    private void print(JudgeTable judged, PrintWriter print) {
        Table table = new Table().text("method").text("mask").text("language").number(metric).number("unmasked").number("change")
                .number("scored").number("dropped");
        String model = null;
        MaskKey key = null;
        for (JudgeTable.Cell row : judged.rows()) {
            if (key != null && (!key.equals(row.key()) || !row.model().equals(model)))
                table.gap();
            key = row.key();
            model = row.model();
            boolean masked = !row.key().equals(MaskKey.UNMASKED);
            table.row(row.key().seed().isEmpty() ? row.key().method() : row.key().method() + " (seed " + row.key().seed() + ")",
                    row.key().mask(),
                    row.language(), number(row.value(), "%.2f"), masked ? number(row.unmasked(), "%.2f") : "",
                    masked ? number(row.change(), "%+.2f") : "", row.scored(), row.dropped());
        }
        table.print(print);
        if (judged.unmatched() > 0)
            print.println(judged.unmatched() + " scores have ids that no text has");
        print.flush();
    }

    private static String number(double value, String format) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, format, value);
    }
}
