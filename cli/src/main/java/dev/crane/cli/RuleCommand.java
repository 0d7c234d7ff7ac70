package dev.crane.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.check.RuleCheck;
import dev.crane.engine.check.RuleFinding;
import dev.crane.engine.check.RuleFinding.Outcome;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.relevance.FoundRule;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Rules;
import dev.crane.engine.relevance.UserRule;
import dev.crane.models.CausalLanguageModel;

/** {@code crane rule}: relevance rules, those of this build and one's own. */
@Command(name = "rule", description = "List relevance rules, begin one of your own, check it.",
        subcommands = {RuleCommand.RuleList.class, RuleCommand.RuleNew.class, RuleCommand.RuleChecks.class}, commandListHeading = "%n",
        footer = {"", "Examples:", "  crane rule new my-rule --out rules", "  crane rule check my-rule --rule-path rules",
                "  crane explain -m models/babel-base --rule my-rule --rule-path rules \"Water boils at a lower\""})
final class RuleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "one of list, new, check is needed");
    }

    /** {@code crane rule list}. */
    @Command(name = "list", description = "List the rules by name.")
    static final class RuleList implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private RulePathOption rulePath;

        @Mixin
        private JsonOption json;

        /** A rule in JSON. */
        record Line(String name, String origin, String description, String hash, String failure) {}

        @Override
        public Integer call() {
            rulePath.load();
            PrintWriter out = spec.commandLine().getOut();
            List<Line> lines = new ArrayList<>();
            for (Rule rule : Rules.all())
                lines.add(rule instanceof UserRule user
                        ? new Line(rule.name(), user.origin(), rule.description(), user.hash(), null)
                        : new Line(rule.name(), "built in", rule.description(), null, null));
            for (FoundRule found : Rules.found())
                if (found.failure() != null)
                    lines.add(new Line(null, found.origin(), null, null, found.failure().getMessage()));
            if (json.asked()) {
                Json.print(out, lines);
                return ExitStatus.OK;
            }
            Table table = new Table().text("rule").text("from").text("what it does");
            lines.stream().filter(line -> line.name != null).forEach(line -> table.row(line.name, line.origin, line.description));
            table.print(out);
            lines.stream().filter(line -> line.failure != null)
                    .forEach(line -> spec.commandLine().getErr().println("not usable: " + line.failure));
            return ExitStatus.OK;
        }
    }

    /** {@code crane rule new}. */
    @Command(name = "new", description = "Write a rule that works, to change.")
    static final class RuleNew implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "NAME", description = "The rule's name: lower-case letters, digits and '-'.")
        private String name;

        @Option(names = {"-o", "--out"}, paramLabel = "DIR", defaultValue = "rules",
                description = "Folder of the rule; made if it is not there. Default: ${DEFAULT-VALUE}.")
        private Path out;

        @Override
        public Integer call() throws IOException {
            if (!name.matches("[a-z][a-z0-9]*(-[a-z0-9]+)*"))
                throw new ParameterException(spec.commandLine(),
                        "'" + name + "' is no name for a rule: lower-case letters, digits and '-'");
            RuleTemplate template = new RuleTemplate(name);
            Path java = out.resolve(template.className() + ".java");
            Path device = out.resolve(template.className() + ".cuh");
            for (Path file : List.of(java, device))
                if (Files.exists(file))
                    throw new FileAlreadyExistsException(file.toString());
            Files.createDirectories(out);
            AtomicFile.writeString(java, template.java());
            AtomicFile.writeString(device, template.device());
            spec.commandLine().getOut().println(java);
            spec.commandLine().getOut().println(device);
            return ExitStatus.OK;
        }
    }

    /** {@code crane rule check}. */
    @Command(name = "check", description = "Compare a rule's twins, op by op, and check what the engine promises of it.",
            footer = {"", "Exits 1 where a check fails."})
    static final class RuleChecks implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        private static final int LEDGER_TOKENS = 32;

        @Parameters(paramLabel = "NAME", description = "The rule's name.")
        private String name;

        @Mixin
        private RulePathOption rulePath;

        @Option(names = {"-m", "--model"}, paramLabel = "DIR",
                description = "Also keep the ledger of a sequence on this model, on the CPU.")
        private Path model;

        @Mixin
        private JsonOption json;

        @Override
        public Integer call() {
            rulePath.load();
            Rule rule = Rule.named(name);
            List<RuleFinding> findings = new ArrayList<>(RuleCheck.run(rule));
            if (model != null)
                findings.add(ledger(rule));
            PrintWriter out = spec.commandLine().getOut();
            if (json.asked()) {
                Json.print(out, findings);
            } else {
                Table table = new Table().text("check").text("").text("");
                findings.forEach(
                        finding -> table.row(finding.check(), finding.outcome().name().toLowerCase(Locale.ROOT), finding.detail()));
                table.print(out);
            }
            return findings.stream().anyMatch(finding -> finding.outcome() == Outcome.FAILED) ? ExitStatus.FAILED : ExitStatus.OK;
        }

        private RuleFinding ledger(Rule rule) {
            try (CausalLanguageModel loaded = CausalLanguageModel.load(model, Backends.create("cpu", 0), EngineOptions.DEFAULT)) {
                int length = Math.min(LEDGER_TOKENS, loaded.spec().maxPositions());
                int[] ids = IntStream.range(0, length).map(t -> (int) (t * 7919L % loaded.spec().vocabulary())).toArray();
                return RuleCheck.ledger(loaded.engine(), ids, rule);
            }
        }
    }
}
