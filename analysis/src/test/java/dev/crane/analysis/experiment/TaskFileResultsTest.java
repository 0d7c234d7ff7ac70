package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.harness.TaskFiles;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Tasks of every output type and a group, measured on the demo model, written, and read back. */
class TaskFileResultsTest {
    @TempDir
    private Path folder;

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    @Test
    void resultsAreInTheHarnessLayout() throws IOException {
        write("a.jsonl", """
                {"q": "The", "c": ["device", "云云云"], "a": 0}
                {"q": "An", "c": ["云云云", "input"], "a": 1}
                {"q": "Of", "c": ["the", "云云云"], "a": 1}
                """);
        write("b.jsonl", """
                {"q": "The", "c": ["云云云", "model"], "a": 0}
                {"q": "The", "c": ["云云云", "data"], "a": 1}
                """);
        String common = "dataset_path: json\ndataset_kwargs: {data_files: {test: \"{dataset_name}.jsonl\"}}\ntest_split: test\ndoc_to_text: \"{{q}}\"\n";
        write("group.yaml", "group: both\ntask:\n  - {task: first, dataset_name: a}\n  - {task: second, dataset_name: b}\n" + common
                + "output_type: multiple_choice\ndoc_to_choice: c\ndoc_to_target: a\nmetric_list: [{metric: acc}]\n"
                + "aggregate_metric_list: [{metric: acc, weight_by_size: true}]\nmetadata: {version: 2.5}\n");
        write("likely.yaml", "task: likely\ndataset_name: a\n" + common + "output_type: loglikelihood\ndoc_to_target: \" {{c[a]}}\"\n");
        write("answers.yaml", "task: answers\ndataset_name: a\n" + common + "output_type: generate_until\ndoc_to_target: \"{{c[a]}}\"\n"
                + "generation_kwargs: {until: [\"e\"], max_gen_toks: 3}\n");
        try (CausalLanguageModel model = CausalLanguageModel.load(SmallExperiment.MODELS.resolve("babel-base"), Backends.create("auto", 0),
                EngineOptions.DEFAULT)) {
            List<Measure> measures = new ArrayList<>();
            for (String file : List.of("group.yaml", "likely.yaml", "answers.yaml"))
                measures.addAll(TaskFiles.measures("en", folder.resolve(file), TaskOptions.DEFAULT, model.tokenizer(),
                        model.spec().maxPositions()));
            Path out = folder.resolve("out");
            Files.createDirectories(out);
            List<EvaluationRun.Masked> masks = List.of(EvaluationRun.Masked.NOTHING);
            EvaluationRun run = new EvaluationRun(model, out, "", Journal.open(out), 4096);
            List<Evaluated> evaluated = run.run(masks, measures, Progress.SILENT);
            run.writeResults(evaluated);
            // Nothing is measured again, and what is read back is the same.
            assertEquals(evaluated, new EvaluationRun(model, out, "", Journal.open(out), 4096).run(masks, measures, Progress.SILENT));

            JsonNode root = JsonMapper.shared().readTree(Files.readString(out.resolve("results.json")));
            JsonNode results = root.get("results");
            double first = results.at("/first/acc,none").doubleValue();
            double second = results.at("/second/acc,none").doubleValue();
            // By hand: right are all but the questions whose answer is Chinese.
            assertEquals(2.0 / 3, first);
            assertEquals(1.0 / 2, second);
            assertEquals(3.0 / 5, results.at("/both/acc,none").doubleValue(), 1e-15);
            // Standard errors √(2/9 / 2) and √(1/4 / 1); pooled: √((2·3·(1/9) + 1·2·(1/4)) / (5 − 2) / 5)
            assertEquals(1.0 / 3, results.at("/first/acc_stderr,none").doubleValue(), 1e-15);
            assertEquals(0.5, results.at("/second/acc_stderr,none").doubleValue(), 1e-15);
            assertEquals(Math.sqrt((2 * 3 / 9.0 + 2 / 4.0) / 3 / 5), results.at("/both/acc_stderr,none").doubleValue(), 1e-15);
            assertEquals(JsonMapper.shared().readTree("[\"first\", \"second\"]"), root.at("/group_subtasks/both"));
            assertEquals(results.get("both"), root.at("/groups/both"));
            assertEquals(2.5, root.at("/versions/both").doubleValue());
            assertEquals(0, root.at("/n-shot/first").intValue());
            assertTrue(results.at("/first/acc_norm,none").isMissingNode());
            assertTrue(results.at("/likely/perplexity,none").doubleValue() > 1);
            assertTrue(results.at("/answers/exact_match,none").isNumber());
            for (String line : Files.readAllLines(out.resolve("samples/none/en.answers.jsonl"))) {
                String answer = JsonMapper.shared().readTree(line).at("/resps/0").stringValue();
                assertTrue(!answer.contains("e"), answer);
            }
            // In the tables the group stands for its tasks.
            List<String> metrics = ResultTables.of("m", evaluated).matrix().stream().map(ResultTables.MatrixRow::metric).toList();
            assertEquals(List.of("both.acc", "likely.perplexity", "likely.acc", "answers.exact_match"), metrics);
            assertEquals(3.0 / 5, ResultTables.of("m", evaluated).matrix().getFirst().value(), 1e-15);
        }
    }
}
