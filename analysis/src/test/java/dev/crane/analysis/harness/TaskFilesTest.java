package dev.crane.analysis.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Document;
import dev.crane.analysis.evaluate.TaskGroup;
import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TaskFilesTest {
    private static final String GOOD = """
            task: small
            dataset_path: json
            dataset_kwargs: {data_files: {test: rows.jsonl, shots: shots.jsonl}}
            test_split: test
            fewshot_split: shots
            num_fewshot: 2
            output_type: multiple_choice
            doc_to_text: "{{q}}"
            doc_to_choice: "{{c}}"
            doc_to_target: a
            metric_list: [{metric: acc}]
            metadata: {version: 1.5}
            """;

    @TempDir
    private Path folder;

    @BeforeEach
    void data() throws IOException {
        write("rows.jsonl", "{\"q\": \"Q1\", \"c\": [\"x\", \"y\"], \"a\": 1}\n{\"q\": \"Q2\", \"c\": [\"x\", \"y\"], \"a\": 0}\n");
        StringBuilder shots = new StringBuilder();
        for (int i = 0; i < 10; i++)
            shots.append("{\"q\": \"S").append(i).append("\", \"c\": [\"x\", \"y\"], \"a\": 1}\n");
        write("shots.jsonl", shots.toString());
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private List<HarnessTask> read(String yaml) throws IOException {
        return TaskFiles.read(write("t.yaml", yaml), TaskOptions.DEFAULT);
    }

    /** Python: r = random.Random(1234); r.sample(range(10), 2) is [7, 1], then [0, 1]. */
    @Test
    void examplesAreDrawnAsPythonDrawsThem() throws IOException {
        assertEquals(List.of("S7 y\n\nS1 y\n\nQ1", "S0 y\n\nS1 y\n\nQ2"), read(GOOD).getFirst().contexts());
    }

    @Test
    void shotsFromTheCommandLine() throws IOException {
        TaskOptions none = new TaskOptions(null, 1, OptionalInt.of(0), TaskOptions.SEED);
        assertEquals(List.of("Q1"), TaskFiles.read(write("t.yaml", GOOD), none).getFirst().contexts());
        assertEquals(List.of("S0 y\n\nQ1"), TaskFiles.read(write("t.yaml", GOOD + "fewshot_config: {sampler: first_n}\n"),
                new TaskOptions(null, 1, OptionalInt.of(1), TaskOptions.SEED)).getFirst().contexts());
    }

    @Test
    void examplesInTheFileWithFormsOfTheirOwn() throws IOException {
        String yaml = GOOD.replace("fewshot_split: shots\n", "").replace("num_fewshot: 2", "num_fewshot: 1")
                + "description: \"Do {{q}}.\\n\"\ntarget_delimiter: '='\nfewshot_delimiter: ';'\n"
                + "fewshot_config: {sampler: first_n, samples: [{q: E, c: [u, v], a: 1}], doc_to_text: \"<{{q}}>\", doc_to_target: \"{{c[0]}}\"}\n";
        assertEquals("Do Q1.\n<E>=u;Q1", read(yaml).getFirst().contexts().getFirst());
    }

    @Test
    void filesAndGroupsWithinGroups() throws IOException {
        write("base", GOOD.replace("task: small", "task: null"));
        write("one.yaml", "include: base\ntask: one\ntag: [tagged]\n");
        write("two.yaml", "include: base\ntask: two\ntag: tagged\nnum_fewshot: 0\n");
        write("inner.yaml", "group: inner\ntask: [tagged]\naggregate_metric_list: [{metric: acc, weight_by_size: false}]\n");
        Path outer = write("outer.yaml",
                "group: outer\ntask:\n  - inner\n  - {task: two, doc_to_text: \"{{q}}!\", task_alias: three}\nmetadata: {version: 3}\n");
        assertThrows(CraneException.class, () -> TaskFiles.read(outer, TaskOptions.DEFAULT), "two stands twice");
        List<HarnessTask> inner = TaskFiles.read(folder.resolve("outer.yaml#inner"), TaskOptions.DEFAULT);
        assertEquals(List.of("one", "two"), inner.stream().map(HarnessTask::name).toList());
        assertEquals(List.of("Q1", "Q2"), inner.get(1).contexts());
        List<TaskGroup> groups = inner.getFirst().multipleChoice().about().groups();
        assertEquals(List.of("inner"), groups.stream().map(TaskGroup::name).toList());
        assertEquals(false, groups.getFirst().aggregates().getFirst().bySize());
        assertEquals("one", TaskFiles.read(folder.resolve("outer.yaml#one"), TaskOptions.DEFAULT).getFirst().name());
        assertTrue(assertThrows(CraneException.class, () -> TaskFiles.read(folder.resolve("outer.yaml#four"), TaskOptions.DEFAULT))
                .getMessage()
                .endsWith("outer.yaml: has no task or group 'four'"));
    }

    @Test
    void tablesAreTypedAsPandasTypesThem() throws IOException {
        write("rows.csv", "q,n,f,t,label\nQ1,1,1.50,True,1\n\"Q\"\"2\",2,NA,False,0\n");
        String yaml = GOOD.replace("json\n", "csv\n").replace("rows.jsonl", "rows.csv").replace("num_fewshot: 2", "num_fewshot: 0")
                .replace("\"{{q}}\"", "\"{{q}} {{n + 1}} {{f}} {{t}}\"").replace("\"{{c}}\"", "[no, yes]")
                .replace("target: a", "target: label");
        HarnessTask task = read(yaml).getFirst();
        assertEquals(List.of("Q1 2 1.5 True", "Q\"2 3 None False"), task.contexts());
        assertEquals(1, task.multipleChoice().items().getFirst().answer());
        HarnessTask texts = read(
                yaml.replace("{data_files", "{dtype: str, data_files").replace("n + 1", "n").replace("[no, yes]", "['1', '0']"))
                .getFirst();
        assertEquals("Q1 1 1.50 True", texts.contexts().getFirst());
        assertEquals(0, texts.multipleChoice().items().getFirst().answer());
    }

    @Test
    void parquet() throws IOException {
        Path file = Path.of("src/test/resources/corpora/gzip.parquet");
        Files.copy(file, folder.resolve("rows.parquet"));
        HarnessTask task = read(
                GOOD.replace("json\n", "parquet\n").replace("rows.jsonl", "rows.parquet").replace("num_fewshot: 2", "num_fewshot: 0")
                        .replace("\"{{q}}\"", "text").replace("\"{{c}}\"", "[x]").replace("target: a", "target: 0"))
                .getFirst();
        assertEquals(Corpus.open(file).documents(Choice.all()).stream().map(Document::text).toList(), task.contexts());
    }

    @Test
    void theRightAnswerMustBeAChoice() throws IOException {
        HarnessTask task = read(
                GOOD.replace("num_fewshot: 2", "num_fewshot: 0").replace("doc_to_target: a", "doc_to_target: \"{{a + 5}}\"")).getFirst();
        String found = assertThrows(CraneException.class, task::multipleChoice).getMessage();
        assertTrue(found.contains("t.yaml:10:16: doc_to_target: gives '6', which is none of the 2 choices ("), found);
        assertTrue(found.endsWith("rows.jsonl: line 1)"), found);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "doc_to_text: \"{{q}}\" | doc_to_txt: \"{{q}}\" | :8:1: unknown key 'doc_to_txt'; did you mean 'doc_to_text'?",
            "\"{{q}}\" | \"{{quest}}\" | :8:14: doc_to_text: line 1: 'quest' is undefined (",
            "\"{{q}}\" | \"{{q\" | :8:14: doc_to_text: line 1: ",
            "\"{{q}}\" | '!function utils.text' | :8:14: doc_to_text: !function utils.text: Python is never run; write it as a Jinja template",
            "num_fewshot: 2 | 'process_docs: !function utils.docs' | :6:1: process_docs is not read: Python is never run; write doc_to_text",
            "dataset_path: json | dataset_path: cais/mmlu | :2:15: dataset_path: 'cais/mmlu' is a data set on a server, and nothing is fetched; download it",
            "rows.jsonl | none.jsonl | data_files: there is no file ",
            "test_split: test | test_split: dev | :4:13: test_split: there is no split 'dev'; data_files has test, shots",
            "multiple_choice | multiple_choices | output_type: there is no 'multiple_choices'; did you mean 'multiple_choice'?",
            "metric: acc | metric: f1 | metric: 'f1' is not there for output_type multiple_choice; known are acc, acc_norm",
            "num_fewshot: 2 | num_fewshot: 11 | small: 11 examples are asked for, and there are 10 rows to choose from",
            "num_fewshot: 2 | num_fewshot: many | num_fewshot: expected a whole number from 0, found 'many'",
            "doc_to_target: a | doc_to_target: \"{{a + 5}}\" | doc_to_target: gives 6, which is no answer's text (",
            "\"{{c}}\" | \"{{q}}\" | doc_to_choice: gives no list but 'S7' (",
            "num_fewshot: 2 | 'filter_list: [{name: x}]' | filter_list is not read: answers are compared as they are",
            "test_split: test | tag: x | the task small has neither test_split nor validation_split"})
    void aMistakeIsOneLineWithItsPlace(String what, String instead, String message) throws IOException {
        assertTrue(GOOD.contains(what), what);
        Path file = write("bad.yaml", GOOD.replace(what, instead));
        String found = assertThrows(CraneException.class, () -> TaskFiles.read(file, TaskOptions.DEFAULT).getFirst().multipleChoice())
                .getMessage();
        assertTrue(found.contains(message), found);
        assertTrue(found.startsWith(folder.toString()), found);
        assertEquals(1, found.lines().count());
    }
}
