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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.explain.Explanation;
import dev.crane.analysis.explain.Explanation.Prediction;
import dev.crane.analysis.explain.Explanation.Token;
import dev.crane.analysis.report.ExplanationPage;
import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

/** {@code crane explain}: which tokens of a text a prediction rests on. */
@Command(name = "explain", customSynopsis = "crane explain -m DIR [OPTIONS] TEXT",
        description = "Show which tokens of a text a prediction rests on.", footer = {"",
                "Targets: last-logit, the logit of the most likely next token; mean-logit, mean-logprob and contrastive, means over the text's "
                        + "own tokens of their logit, log-probability and lead over the next best; positions:3,7, the mean logit of the tokens "
                        + "behind these positions (from 0, the token that begins the text).",
                "",
                "Examples:",
                "  crane explain --model models/babel-base \"Water boils at a lower\"",
                "  crane explain -m models/babel-base --html page.html \"水在高山上\"",
                "  crane explain -m models/babel-base --mask en.mask.json --file text.txt"})
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Parameters(paramLabel = "TEXT", arity = "0..1", description = "The text; - reads it from standard input.")
    private String text;

    @Mixin
    private ModelOptions model;

    @Mixin
    private MaskOption mask;

    @Option(names = "--file", paramLabel = "FILE", description = "Take all of a file as the text.")
    private Path file;

    @Option(names = "--rule", paramLabel = "NAME", defaultValue = "attnlrp",
            description = "Relevance rule: attnlrp, cp-lrp, gradient, grad-x-act, lrp-epsilon, lrp-gamma, or one of your own ('crane rule list'). Default: ${DEFAULT-VALUE}.")
    private String rule;

    @Mixin
    private RulePathOption rulePath;

    @Option(names = "--target", paramLabel = "NAME", defaultValue = "last-logit",
            description = "What is explained, see below. Default: ${DEFAULT-VALUE}.")
    private String target;

    @Option(names = "--html", paramLabel = "FILE", description = "Also write a page with the heat map, for a browser.")
    private Path page;

    @Option(names = "--ledger", description = "Also show where the relevance goes, layer by layer; for the model without a mask.")
    private boolean ledger;

    @Mixin
    private ColorOption color;

    @Mixin
    private JsonOption json;

    /** What {@code --json} prints. */
    record Document(String format, String model, String mask, String rule, String target, float value, float sum, List<Token> tokens,
            List<Prediction> predictions, LedgerFile ledger) {}

    @Override
    public Integer call() {
        if ((text == null) == (file == null))
            throw new ParameterException(spec.commandLine(), "one text is needed: TEXT or --file");
        rulePath.load();
        Rule chosenRule = Rule.named(rule);
        Target chosenTarget = Target.named(target);
        String asked = file == null ? TextArgument.read(text) : TextArgument.read(file);
        if (ledger && mask.file() != null)
            throw new ParameterException(spec.commandLine(), "--ledger and --mask do not go together: it is kept for the model as it is");
        Explanation explanation;
        ConservationLedger kept = null;
        try (CausalLanguageModel loaded = model.load()) {
            int[] ids = loaded.tokenizer().encodeWithBos(asked);
            if (ids.length == 0)
                throw new CraneException("the text is empty; give one");
            explanation = Explanation.of(loaded, ids, chosenRule, chosenTarget, mask.file() == null ? null : mask.file().toString(),
                    mask.interventions(loaded));
            if (ledger)
                kept = loaded.engine().ledger(ids, chosenRule, chosenTarget);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (page != null)
            AtomicFile.writeString(page, ExplanationPage.render(explanation));
        if (json.asked())
            Json.print(out, new Document("crane/explanation@1", explanation.model(), explanation.mask(), explanation.rule(),
                    explanation.target(), explanation.value(), (float) explanation.sum(), explanation.tokens(), explanation.predictions(),
                    kept == null ? null : LedgerFile.of(kept)));
        else
            print(explanation, out);
        if (kept != null && !json.asked()) {
            out.println();
            LedgerTable.print(kept, out);
        }
        if (page != null)
            crane.progress().note("wrote " + page);
        return ExitStatus.OK;
    }

    private void print(Explanation explanation, PrintWriter out) {
        HeatMap map = new HeatMap(explanation, out);
        if (color.wanted())
            map.printColored();
        else
            map.printPlain();
        out.print(String.format(Locale.ROOT, "%nRule %s, target %s: %.4f. Relevance sums to %.4f, without the first token to %.4f.%n%n",
                explanation.rule(), explanation.target(), explanation.value(), explanation.sum(), explanation.sumWithoutFirst()));
        Table next = new Table().text("next token").number("probability");
        for (Prediction prediction : explanation.predictions())
            next.row(HeatMap.visible(prediction.text()).replace("\n", ""),
                    String.format(Locale.ROOT, "%.1f %%", 100 * prediction.probability()));
        next.print(out);
    }
}
