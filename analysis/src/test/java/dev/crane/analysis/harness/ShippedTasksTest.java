package dev.crane.analysis.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.evaluate.ChoiceItem;
import dev.crane.analysis.yaml.YamlNode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The task files of {@code tasks/} on small files in each data set's own layout; the prompts are those that lm-evaluation-harness 0.4.13 makes. */
class ShippedTasksTest {
    private static final Path TASKS = Path.of("../tasks");

    @TempDir
    private Path data;

    private void write(String file, String text) throws IOException {
        Files.createDirectories(data.resolve(file).getParent());
        Files.writeString(data.resolve(file), text);
    }

    private List<HarnessTask> read(String task, int shots) {
        return TaskFiles.read(TASKS.resolve(task), new TaskOptions(data, Integer.MAX_VALUE, OptionalInt.of(shots), TaskOptions.SEED));
    }

    private HarnessTask one(String task, int shots) {
        List<HarnessTask> tasks = read(task, shots);
        assertEquals(1, tasks.size());
        return tasks.getFirst();
    }

    private static void assertItem(String context, List<String> choices, int answer, ChoiceItem item) {
        assertEquals(context, item.context());
        assertEquals(choices, item.choices());
        assertEquals(answer, item.answer());
    }

    @Test
    void mmlu() throws IOException {
        write("test/anatomy_test.csv", "\"Which is, say, \"\"long\"\"? \",None,01,2.50,\"a\nb\",C\n");
        write("dev/anatomy_dev.csv", "Q1,a,b,c,d,B\nQ2,e,f,g,h,D\n");
        HarnessTask task = one("mmlu.yaml#mmlu_anatomy", 1);
        assertItem("""
                The following are multiple choice questions (with answers) about anatomy.

                Q1
                A. a
                B. b
                C. c
                D. d
                Answer: B

                Which is, say, "long"?
                A. None
                B. 01
                C. 2.50
                D. a
                b
                Answer:""", List.of("A", "B", "C", "D"), 2, task.multipleChoice().items().getFirst());
        assertEquals(" ", task.multipleChoice().delimiter());
    }

    @Test
    void cmmlu() throws IOException {
        write("test/agronomy.csv", ",Question,A,B,C,D,Answer\n0,问题？,甲,乙,丙,丁,D\n");
        write("dev/agronomy.csv", ",Question,A,B,C,D,Answer\n0,例,一,二,三,四,A\n");
        assertItem("以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n例\nA. 一\nB. 二\nC. 三\nD. 四\n答案： A\n\n问题？\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：",
                List.of("A", "B", "C", "D"), 3, one("cmmlu.yaml#cmmlu_agronomy", 1).multipleChoice().items().getFirst());
    }

    @Test
    void ceval() throws IOException {
        write("val/accountant_val.csv", "id,question,A,B,C,D,answer\n0,问题？,甲,乙,丙,丁,B\n");
        write("dev/accountant_dev.csv", "id,question,A,B,C,D,answer,explanation\n0,例,一,二,三,四,A,因为\n");
        assertItem("以下是中国关于注册会计师的单项选择题，请选出其中的正确答案。\n\n问题？\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：", List.of("A", "B", "C", "D"), 1,
                one("ceval.yaml#ceval-valid_accountant", 0).multipleChoice().items().getFirst());
        assertTrue(one("ceval.yaml#ceval-valid_accountant", 1).contexts().getFirst().contains("\n例\nA. 一\nB. 二\nC. 三\nD. 四\n答案： A\n\n问题？"));
    }

    @Test
    void belebele() throws IOException {
        String line = "{\"link\": \"l\", \"question_number\": %d, \"flores_passage\": \"P%d.\", \"question\": \"Q%d? \", \"mc_answer1\": \"a\", "
                + "\"mc_answer2\": \"b\", \"mc_answer3\": \"c\", \"mc_answer4\": \"d\", \"correct_answer_num\": \"%d\", \"dialect\": \"vie_Latn\"}\n";
        write("vie_Latn.jsonl", line.formatted(1, 1, 1, 4) + line.formatted(2, 2, 2, 1));
        List<ChoiceItem> items = one("belebele.yaml#belebele_vie_Latn", 1).multipleChoice().items();
        String first = "P: P1.\nQ: Q1?\nA: a\nB: b\nC: c\nD: d\nAnswer:";
        String second = first.replace('1', '2');
        // A question is no example of itself.
        assertItem(second + " A\n\n" + first, List.of("A", "B", "C", "D"), 3, items.get(0));
        assertItem(first + " D\n\n" + second, List.of("A", "B", "C", "D"), 0, items.get(1));
    }

    @Test
    void xcopa() throws IOException {
        for (String language : List.of("vi", "zh"))
            write("data/" + language + "/test." + language + ".jsonl",
                    """
                            {"premise": "Trời mưa.", "choice1": "Đường ướt.", "choice2": "Nóng.", "question": "effect", "label": 0, "idx": 0}
                            {"premise": "Ướt.", "choice1": "Nóng.", "choice2": "Mưa.", "question": "cause", "label": 1, "idx": 1}
                            """);
        List<ChoiceItem> items = one("xcopa.yaml#xcopa_vi", 0).multipleChoice().items();
        assertItem("Trời mưa vì vậy", List.of("đường ướt.", "nóng."), 0, items.get(0));
        assertItem("Ướt bởi vì", List.of("nóng.", "mưa."), 1, items.get(1));
        assertEquals("Trời mưa 所以", one("xcopa.yaml#xcopa_zh", 0).contexts().getFirst());
    }

    @Test
    void hellaSwag() throws IOException {
        write("hellaswag_val.jsonl",
                "{\"ind\": 24, \"activity_label\": \"Roof shingle removal\", \"ctx_a\": \"A man is [x] sitting.\", \"ctx_b\": \"he\", \"ctx\": \"\", "
                        + "\"label\": 3, \"endings\": [\"is it's.\", \" [title] Do [step] go.\", \"c\", \"d  e\"]}\n");
        assertItem("Roof shingle removal: A man is sitting. He", List.of("is it's.", " Do go.", "c", "d e"), 3,
                one("hellaswag.yaml", 0).multipleChoice().items().getFirst());
    }

    @Test
    void xnli() throws IOException {
        write("xnli.dev.tsv", """
                language\tgold_label\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1\tsentence2\tpromptID
                en\tneutral\t\t\tHe said "no\tIt is\t1
                vi\tcontradiction\t\t\tÔng nói\t"Có\t1
                """);
        assertItem("", List.of("Ông nói, đúng? Vâng, \"Có", "Ông nói, đúng? Vì vậy, \"Có", "Ông nói, đúng? Không, \"Có"), 2,
                one("xnli.yaml#xnli_vi", 0).multipleChoice().items().getFirst());
        assertEquals("He said \"no, right? Also, It is", one("xnli.yaml#xnli_en", 0).multipleChoice().items().getFirst().choices().get(1));
    }

    @Test
    void vmlu() throws IOException {
        write("valid.jsonl",
                "{\"id\": \"01-0001\", \"question\": \"Ai?\", \"choices\": [\"A. Một\", \"B. Hai\", \"C. Ba\"], \"answer\": \"B\"}\n");
        assertItem(
                "Chỉ đưa ra chữ cái đứng trước câu trả lời đúng (A, B, C, D hoặc E) của câu hỏi trắc nghiệm sau: \nAi?\n\nA. Một\nB. Hai\nC. Ba\nĐáp án:",
                List.of("A", "B", "C"), 1, one("vmlu.yaml", 0).multipleChoice().items().getFirst());
    }

    @Test
    void xquad() throws IOException {
        write("xquad.vi.json",
                "{\"data\": [{\"title\": \"t\", \"paragraphs\": [{\"context\": \"Nó xanh.\", \"qas\": [{\"id\": \"1\", \"question\": \"Gì?\", "
                        + "\"answers\": [{\"answer_start\": 3, \"text\": \"xanh\"}]}]}]}], \"version\": \"1.1\"}\n");
        assertEquals(List.of("Bối cảnh: Nó xanh.\n\nCâu hỏi: Gì?\n\nTrả lời:"), one("xquad.yaml#xquad_vi", 0).contexts());
    }

    /** Every member of every group is a task with a name of its own and, once its data are there, templates that can be read. */
    @Test
    void everyMemberIsNamed() throws IOException {
        for (String name : List.of("mmlu", "cmmlu", "ceval", "belebele", "xcopa", "xnli", "xquad")) {
            List<String> tasks = new ArrayList<>();
            names(TaskConfig.read(TASKS.resolve(name + ".yaml")), tasks);
            assertEquals(tasks.size(), tasks.stream().distinct().count(), name);
            assertEquals(switch (name) {
                case "mmlu" -> 57;
                case "cmmlu" -> 67;
                case "ceval" -> 52;
                case "belebele" -> 122;
                case "xnli" -> 15;
                case "xquad" -> 12;
                default -> 11;
            }, tasks.size(), name);
        }
    }

    private static void names(TaskConfig config, List<String> names) {
        for (YamlNode member : ((YamlNode.Sequence) config.need("task")).items()) {
            TaskConfig one = TaskConfig.of((YamlNode.Mapping) member);
            if (one.isGroup())
                names(one, names);
            else
                names.add(one.text("task").orElseThrow());
        }
    }
}
