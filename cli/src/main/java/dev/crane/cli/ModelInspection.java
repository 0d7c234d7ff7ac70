package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.ModelFolder;
import dev.crane.models.chat.ChatTemplate;
import dev.crane.models.safetensors.WeightFiles;
import dev.crane.models.tokenizer.Tokenizer;

import static dev.crane.cli.Inspection.bytes;
import static dev.crane.cli.Inspection.count;

/**
 * A model folder.
 *
 * @param format of this record
 * @param model the folder's name
 * @param path where it is
 * @param family its kind
 * @param weights its files of weights; null where they are missing
 * @param weightsMissing why there are no weights; null where they are there
 * @param layout what {@code config.json} describes
 * @param tokenizer null where there is none
 * @param chatTemplates names of the chat templates; empty where there is none
 * @param endIds the tokens that end a text
 * @param memory what passes take
 * @param hooks where values can be read or changed; null where not asked for
 * @param selfTest what was tried out; null where not asked for or the weights are not all there
 */
record ModelInspection(String format, String model, String path, String family, Weights weights, String weightsMissing, Layout layout,
        TokenizerKind tokenizer, List<String> chatTemplates, List<Integer> endIds, ModelMemory memory,
        List<HookSite> hooks, List<SelfTest> selfTest) implements Inspection {
    /**
     * @param parameters numbers in all tensors that the model uses
     * @param types how many of them are stored in which type
     * @param bytes of all files' tensors
     * @param files the files' names
     * @param missing tensors that the model needs and the files lack
     * @param unused tensors that the model has no use for
     */
    record Weights(long parameters, SortedMap<String, Long> types, long bytes, List<String> files, List<String> missing,
            List<String> unused) {}

    /** The layout in numbers. */
    record Layout(int layers, int hidden, int heads, int keyValueHeads, int headDim, int intermediate, boolean gated, String activation,
            int vocabulary, boolean tiedHead, int context, String norm, float normEpsilon, List<String> positions, List<Integer> windows,
            boolean attentionBias, boolean mlpBias) {}

    /**
     * @param kind how it cuts words
     * @param tokens how many it knows
     * @param begin the token that begins a text; null where there is none
     * @param end the token that ends one; null where there is none
     */
    record TokenizerKind(String kind, int tokens, Named begin, Named end) {}

    /** A token. */
    record Named(int id, String token) {}

    static ModelInspection of(Path path, boolean withHooks, boolean withTest) {
        ModelFolder folder = ModelFolder.open(path);
        DecoderSpec spec = folder.spec();
        Weights weights = null;
        String missing = null;
        try (WeightFiles files = WeightFiles.open(path)) {
            weights = weights(folder, files);
        } catch (CraneException e) {
            missing = e.getMessage(); // the rest is worth telling before the large files are downloaded
        }
        long bytes = weights == null ? 0 : weights.bytes;
        return new ModelInspection("crane/model@1", folder.name(), path.toString(), folder.spec().family(), weights, missing,
                layout(spec), folder.tokenizer().isPresent() ? tokenizer(Tokenizer.load(path)) : null,
                List.copyOf(ChatTemplate.all(path).keySet()), folder.eosTokenIds(),
                ModelMemory.of(spec, bytes), withHooks ? HookSite.of(spec) : null,
                withTest && weights != null && weights.missing.isEmpty()
                        ? SelfTest.of(path, Runtime.getRuntime().availableProcessors(), weights.parameters)
                        : null);
    }

    private static Weights weights(ModelFolder folder, WeightFiles files) {
        List<String> needed = List.copyOf(folder.family().tensors(folder.spec()).keySet());
        SortedMap<String, Long> types = new TreeMap<>();
        long parameters = 0;
        List<String> missing = new ArrayList<>();
        Set<String> used = new HashSet<>();
        for (String name : needed) {
            String stored = folder.family().stored(name, files::contains).orElse(null);
            if (stored != null) {
                used.add(stored);
                StoredTensor tensor = files.tensor(stored);
                parameters += tensor.elements();
                types.merge(tensor.dtype().name().toLowerCase(Locale.ROOT), tensor.elements(), Long::sum);
            } else {
                missing.add(name);
            }
        }
        List<String> unused = files.names().stream().filter(name -> !used.contains(name)).sorted().toList();
        return new Weights(parameters, types, files.bytes(),
                files.files().stream().map(file -> file.file().getFileName().toString()).toList(),
                missing, unused);
    }

    private static Layout layout(DecoderSpec spec) {
        return new Layout(spec.layers(), spec.hidden(), spec.attention().heads(), spec.attention().kvHeads(), spec.attention().headDim(),
                spec.mlp().intermediate(), spec.mlp().gated(), spec.mlp().activation().name().toLowerCase(Locale.ROOT), spec.vocabulary(),
                spec.tiedHead(), spec.maxPositions(), spec.norm().kind().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                spec.norm().epsilon(), spec.positions().stream().distinct().map(ModelInspection::positions).toList(),
                spec.windows().stream().distinct().toList(), spec.attention().qkvBias(), spec.mlp().bias());
    }

    private static String positions(Positions positions) {
        return switch (positions) {
            case Positions.Rope rope -> {
                String scaling = rope.scaling().getClass().getSimpleName().toLowerCase(Locale.ROOT);
                yield String.format(Locale.ROOT, "rope, theta %s, %d of each head rotated",
                        Double.toString(rope.theta()).replaceFirst("\\.0$", ""),
                        rope.rotaryDim()) + (scaling.equals("none") ? "" : ", scaled: " + rope.scaling());
            }
            case Positions.Alibi alibi -> "alibi";
            case Positions.Learned learned -> "learned";
            case Positions.None none -> "none";
        };
    }

    private static TokenizerKind tokenizer(Tokenizer tokenizer) {
        return new TokenizerKind(tokenizer.kind(), tokenizer.vocabularySize(),
                tokenizer.bosId().isPresent() ? named(tokenizer, tokenizer.bosId().getAsInt()) : null,
                tokenizer.eosId().isPresent() ? named(tokenizer, tokenizer.eosId().getAsInt()) : null);
    }

    private static Named named(Tokenizer tokenizer, int id) {
        return new Named(id, tokenizer.hasToken(id) ? tokenizer.token(id) : "");
    }

    @Override
    public void print(PrintWriter out) {
        Table table = new Table().text("").text("");
        table.row("model", model + " (" + path + ")");
        table.row("family", family);
        if (weights == null) {
            table.row("weights", "none: " + weightsMissing);
        } else {
            table.row("parameters", count(weights.parameters) + weights.types.entrySet().stream()
                    .map(type -> weights.types.size() == 1
                            ? " in " + type.getKey()
                            : "; " + count(type.getValue()) + " in " + type.getKey())
                    .collect(Collectors.joining()));
            table.row("files", bytes(weights.bytes) + " in " + (weights.files.size() == 1
                    ? weights.files.getFirst()
                    : weights.files.size() + " files, " + weights.files.getFirst() + " …"));
            if (!weights.missing.isEmpty())
                table.row("missing", some(weights.missing));
            if (!weights.unused.isEmpty())
                table.row("unused", some(weights.unused));
        }
        printLayout(table);
        printTokenizer(table);
        table.print(out);
        memory.print(out);
        if (hooks != null)
            HookSite.print(hooks, layout.layers, out);
        if (selfTest != null) {
            out.println();
            out.println("self-test");
            Table tests = new Table().text("").text("").text("");
            selfTest.forEach(test -> tests.row("  " + test.check(), test.passed() ? "passed" : "FAILED", test.detail()));
            tests.print(out);
        }
        out.flush();
    }

    private void printLayout(Table table) {
        table.row("layers", layout.layers + " of width " + count(layout.hidden));
        table.row("attention", layout.heads + " heads of " + layout.headDim
                + (layout.keyValueHeads == layout.heads ? "" : ", " + layout.keyValueHeads + " for keys and values")
                + (layout.attentionBias ? ", biases" : ""));
        table.row("MLP", count(layout.intermediate) + " neurons, " + layout.activation + (layout.gated ? ", gated" : "")
                + (layout.mlpBias ? ", biases" : ""));
        table.row("norm", layout.norm + ", epsilon " + Float.toString(layout.normEpsilon).replace(".0E", "e"));
        for (String positions : layout.positions)
            table.row("positions", positions);
        if (!layout.windows.equals(List.of(0)))
            table.row("attention window", layout.windows.stream().map(window -> window == 0 ? "all" : count(window))
                    .collect(Collectors.joining(", ")));
        table.row("context", count(layout.context) + " tokens");
        table.row("vocabulary", count(layout.vocabulary) + (layout.tiedHead ? ", the head is the embedding" : ", own head"));
    }

    private void printTokenizer(Table table) {
        if (tokenizer == null) {
            table.row("tokenizer", "none; texts must come as token ids");
        } else {
            table.row("tokenizer", tokenizer.kind + ", " + count(tokenizer.tokens) + " tokens");
            table.row("text begins with",
                    tokenizer.begin == null ? "no token of its own" : tokenizer.begin.token + " (" + tokenizer.begin.id + ")");
            table.row("text ends with",
                    tokenizer.end == null ? "no token of its own" : tokenizer.end.token + " (" + tokenizer.end.id + ")");
        }
        table.row("chat template", chatTemplates.isEmpty() ? "none" : String.join(", ", chatTemplates));
        if (!endIds.isEmpty() && (tokenizer == null || tokenizer.end == null || !endIds.equals(List.of(tokenizer.end.id))))
            table.row("generation ends at", endIds.stream().map(String::valueOf).collect(Collectors.joining(", ")));
    }

    private static String some(List<String> names) {
        return names.size() + ": " + String.join(", ", names.subList(0, Math.min(4, names.size()))) + (names.size() > 4 ? ", …" : "");
    }
}
