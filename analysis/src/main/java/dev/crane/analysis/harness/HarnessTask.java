package dev.crane.analysis.harness;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

import dev.crane.analysis.evaluate.ChoiceItem;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.MultipleChoice;
import dev.crane.analysis.evaluate.RollingWindows;
import dev.crane.analysis.evaluate.ScoredMeasure;
import dev.crane.analysis.evaluate.Task;
import dev.crane.analysis.evaluate.TaskGroup;
import dev.crane.analysis.evaluate.TaskInfo;
import dev.crane.analysis.evaluate.TokenRequest;
import dev.crane.analysis.table.Row;
import dev.crane.analysis.yaml.YamlNode;
import dev.crane.analysis.yaml.YamlSection;
import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

/** A task of a task file: its rows as prompts, in lm-evaluation-harness's order and to the letter. */
public final class HarnessTask {
    private static final List<String> FEWSHOT_KEYS = List.of("sampler", "split", "samples", "doc_to_text", "doc_to_choice", "doc_to_target",
            "fewshot_delimiter", "target_delimiter");

    private final TaskConfig config;
    private final TaskOptions options;
    private final List<TaskGroup> groups;
    private final String name;
    private final OutputType type;
    private final List<Row> rows;
    private final int available;
    private final DocFields fields;
    private final int shots;
    private final TaskMetrics metrics;
    private final List<String> contexts;

    HarnessTask(TaskConfig config, TaskOptions options, List<TaskGroup> groups) {
        config.checkTask();
        this.config = config;
        this.options = options;
        this.groups = groups;
        this.name = config.text("task").orElseThrow(() -> config.place().error("the task lacks the key 'task', its name"));
        this.type = OutputType.of(config);
        this.metrics = TaskMetrics.of(config, type);
        if (config.whole("repeats", 1).orElse(1) != 1)
            throw config.error("repeats", "an answer is asked for once");
        TaskData data = new TaskData(config, options.data());
        List<Row> all = data.split(config.node("test_split").isPresent() ? "test_split" : required("validation_split"));
        this.available = all.size();
        this.rows = all.subList(0, Math.min(options.items(), available));
        Set<String> columns = all.getFirst().values().keySet();
        this.fields = new DocFields(field("doc_to_text", columns).orElseGet(() -> missing("doc_to_text")),
                field("doc_to_choice", columns).orElse(null),
                field("doc_to_target", columns).orElseGet(() -> missing("doc_to_target")), config.node("doc_to_choice").isPresent());
        if (type == OutputType.MULTIPLE_CHOICE && fields.choice() == null)
            missing("doc_to_choice");
        int written = config.whole("num_fewshot", 0).orElse(-1);
        this.shots = written == 0 ? 0 : options.shots().orElse(Math.max(written, 0));
        this.contexts = type == OutputType.LOGLIKELIHOOD_ROLLING ? List.of() : contexts(data, columns);
    }

    private String required(String key) {
        if (config.node(key).isEmpty())
            throw config.place().error("the task " + name + " has neither test_split nor validation_split: what is to be measured?");
        return key;
    }

    private Field missing(String key) {
        throw config.place().error("the task " + name + " lacks the key '" + key + "'");
    }

    private Optional<Field> field(String key, Set<String> columns) {
        return config.node(key).map(node -> Field.read(key, node, columns));
    }

    /** The task's name. */
    public String name() {
        return name;
    }

    /** What stands before the choices or the answer, of each item: description, examples and question. */
    public List<String> contexts() {
        return contexts;
    }

    private List<String> contexts(TaskData data, Set<String> columns) {
        YamlSection few = YamlSection.of("fewshot_config",
                config.node("fewshot_config").orElseGet(() -> new YamlNode.Mapping(config.place(), List.of())), FEWSHOT_KEYS);
        String delimiter = config.text("target_delimiter").orElse(" ");
        String between = config.text("fewshot_delimiter").orElse("\n\n");
        String answerDelimiter = few.text("target_delimiter").orElse(delimiter);
        String exampleDelimiter = few.text("fewshot_delimiter").orElse(between);
        DocFields example = new DocFields(
                few.find("doc_to_text").map(node -> Field.read("doc_to_text", node, columns)).orElse(fields.text()),
                few.find("doc_to_choice").map(node -> Field.read("doc_to_choice", node, columns)).orElse(fields.choice()),
                few.find("doc_to_target").map(node -> Field.read("doc_to_target", node, columns)).orElse(fields.target()),
                fields.choices());
        Field description = config.text("description").filter(text -> !text.isEmpty()).isPresent()
                ? Field.read("description", config.need("description"), columns)
                : null;
        FewShot sampler = shots == 0 ? null : sampler(few, data);
        List<String> made = new ArrayList<>();
        for (Row row : rows) {
            StringBuilder context = new StringBuilder();
            if (description != null)
                context.append(description.of(row));
            if (sampler != null)
                for (Row shot : sampler.examples(shots, row)) {
                    context.append(example.text(shot));
                    Object target = example.target(shot);
                    if (target != null && !"".equals(target))
                        context.append(answerDelimiter).append(example.answerText(shot)).append(exampleDelimiter);
                }
            made.add(context.append(fields.text(row)).toString());
        }
        return made;
    }

    private FewShot sampler(YamlSection few, TaskData data) {
        String kind = few.text("sampler").orElse("default");
        if (!kind.equals("default") && !kind.equals("first_n"))
            throw few.need("sampler").place().error("sampler: expected default or first_n, found '" + kind + "'");
        String split = few.text("split").or(() -> config.text("fewshot_split")).orElse(null);
        List<Row> pool;
        if (split != null)
            pool = data.split(few.find("split").isPresent() ? few.need("split") : config.need("fewshot_split"), "fewshot_split", split);
        else if (few.find("samples").isPresent())
            pool = samples(few);
        else
            pool = data.split(config.node("training_split").isPresent()
                    ? "training_split"
                    : config.node("validation_split").isPresent() ? "validation_split" : "test_split");
        // The harness compares names: without a split of its own for examples, and without a test split, both are none, and so the same.
        boolean exclude = Objects.equals(split, config.text("test_split").orElse(null));
        return new FewShot(pool, kind.equals("first_n"), exclude, options.seed(), config.place().file() + ": " + name);
    }

    private static List<Row> samples(YamlSection few) {
        List<Row> pool = new ArrayList<>();
        for (YamlNode node : few.items("samples")) {
            if (!(node instanceof YamlNode.Mapping mapping))
                throw node.place().error("samples: expected columns and values, found " + node.kind());
            pool.add(new Row(node.place().toString(), Field.map(mapping)));
        }
        return pool;
    }

    private TaskInfo about() {
        return new TaskInfo(config.text("task_alias").orElse(name), config.version(), shots, available, metrics.metrics(), groups);
    }

    /**
     * What is to be measured.
     *
     * @param maxLength the longest input of the model, in tokens
     */
    public Measure measure(String language, Tokenizer tokenizer, int maxLength) {
        return switch (type) {
            case MULTIPLE_CHOICE -> Measure.Choices.of(language, multipleChoice(), tokenizer, maxLength);
            case LOGLIKELIHOOD -> likelihood(language, new MultipleChoice(tokenizer, maxLength));
            case LOGLIKELIHOOD_ROLLING -> rolling(language, tokenizer, maxLength);
            case GENERATE_UNTIL -> generation(language, tokenizer, maxLength);
        };
    }

    /** The questions; the task must be multiple-choice. */
    Task multipleChoice() {
        List<ChoiceItem> items = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            List<String> choices = fields.choices(rows.get(i));
            items.add(new ChoiceItem(i, contexts.get(i), choices, fields.answer(rows.get(i), choices)));
        }
        return new Task(name, config.place().file(), config.text("target_delimiter").orElse(" "), Task.Encoding.HARNESS, items, about());
    }

    private String target(Row row) {
        if (fields.target(row) instanceof String text)
            return text;
        throw new CraneException(fields.target().where() + ": gives no text (" + row.origin() + ")");
    }

    private Measure likelihood(String language, MultipleChoice encoding) {
        List<TokenRequest> requests = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++)
            requests.add(encoding.request(contexts.get(i), target(rows.get(i)), rows.get(i).origin()));
        return new ScoredMeasure.Likelihood(language, name, about(), requests);
    }

    private Measure rolling(String language, Tokenizer tokenizer, int maxLength) {
        List<List<TokenRequest>> windows = new ArrayList<>();
        int[] words = new int[rows.size()];
        long[] bytes = new long[rows.size()];
        for (int i = 0; i < words.length; i++) {
            String text = target(rows.get(i));
            windows.add(RollingWindows.ofHarness(text, tokenizer, maxLength, rows.get(i).origin()));
            words[i] = ScoredMeasure.Rolling.words(text);
            bytes[i] = text.getBytes(StandardCharsets.UTF_8).length;
        }
        return new ScoredMeasure.Rolling(language, name, about(), windows, words, bytes);
    }

    private Measure generation(String language, Tokenizer tokenizer, int maxLength) {
        Generating generating = Generating.of(config);
        int room = maxLength - generating.maxTokens();
        if (room < 1)
            throw config.error("generation_kwargs", "max_gen_toks " + generating.maxTokens() + " leaves a model of " + maxLength
                    + " tokens no room for the question");
        List<int[]> prompts = new ArrayList<>();
        List<List<String>> expected = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            int[] ids = tokenizer.encode(contexts.get(i), true);
            prompts.add(Arrays.copyOfRange(ids, Math.max(0, ids.length - room), ids.length));
            expected.add(expected(rows.get(i)));
        }
        return new ScoredMeasure.Generation(language, name, about(), prompts, expected, generating.until(), generating.maxTokens(),
                metrics.match());
    }

    private List<String> expected(Row row) {
        if (fields.choice() != null)
            return List.of(fields.answerText(row));
        Object target = fields.target(row);
        List<String> texts = new ArrayList<>();
        for (Object one : target instanceof List<?> list ? list : List.of(String.valueOf(target)))
            texts.add(String.valueOf(one));
        return texts;
    }

    /** The metrics of a task, and how answers are compared. */
    record TaskMetrics(List<Metric> metrics, ScoredMeasure.Match match) {
        private static final List<String> KEYS = List.of("metric", "aggregation", "higher_is_better", "hf_evaluate", "ignore_case",
                "ignore_punctuation", "ignore_numbers", "regexes_to_ignore");

        static TaskMetrics of(TaskConfig config, OutputType type) {
            ScoredMeasure.Match match = new ScoredMeasure.Match(List.of(), false, false, false);
            if (config.node("metric_list").isEmpty())
                return new TaskMetrics(type.metrics(), match);
            Map<Metric, YamlNode> metrics = new LinkedHashMap<>();
            YamlNode list = config.need("metric_list");
            for (YamlNode node : list instanceof YamlNode.Sequence sequence ? sequence.items() : List.of(list)) {
                YamlSection section = YamlSection.of("metric_list", node, KEYS);
                String label = section.text("metric").orElseThrow(() -> node.place().error("metric_list: an entry lacks the key 'metric'"));
                Metric metric = Metric.of(label).filter(type.metrics()::contains)
                        .orElseThrow(() -> section.need("metric").place()
                                .error("metric: '" + label + "' is not there for output_type " + type.label()
                                        + "; known are " + String.join(", ", type.metrics().stream().map(Metric::label).toList())));
                metrics.put(metric, node);
                if (metric == Metric.EXACT_MATCH)
                    match = new ScoredMeasure.Match(section.texts("regexes_to_ignore").stream().map(YamlNode.Scalar::text).toList(),
                            truth(section, "ignore_case"), truth(section, "ignore_punctuation"), truth(section, "ignore_numbers"));
            }
            if (metrics.isEmpty())
                throw list.place().error("metric_list: has no metric");
            return new TaskMetrics(List.copyOf(metrics.keySet()), match);
        }

        private static boolean truth(YamlSection section, String key) {
            return section.text(key).filter("true"::equalsIgnoreCase).isPresent();
        }
    }

    /** What {@code generation_kwargs} says. */
    record Generating(List<String> until, int maxTokens) {
        private static final int MOST_TOKENS = 256; // the harness's default
        private static final List<String> KEYS = List.of("until", "max_gen_toks", "do_sample", "temperature");

        static Generating of(TaskConfig config) {
            String delimiter = config.text("fewshot_delimiter").orElse("\n\n");
            if (config.node("generation_kwargs").isEmpty())
                return new Generating(List.of(delimiter), MOST_TOKENS);
            YamlSection section = YamlSection.of("generation_kwargs", config.need("generation_kwargs"), KEYS);
            if (section.text("do_sample").filter("true"::equalsIgnoreCase).isPresent() || section.number("temperature").orElse(0.0) != 0)
                throw section.place()
                        .error("generation_kwargs: answers are always the most likely tokens; leave out do_sample and temperature");
            List<String> until = section.texts("until").stream().map(YamlNode.Scalar::text).toList();
            return new Generating(section.find("until").isEmpty() ? List.of(delimiter) : until,
                    section.whole("max_gen_toks", 1, 1 << 20).map(Long::intValue).orElse(MOST_TOKENS));
        }
    }
}
