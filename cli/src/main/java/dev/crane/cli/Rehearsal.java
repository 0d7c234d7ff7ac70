package dev.crane.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import picocli.CommandLine;

/**
 * Runs a little of everything, printing nothing. The launcher does this once after a build, so that the JVM can keep the classes it loaded on the
 * way in an archive that later starts map into memory.
 */
final class Rehearsal {
    private Rehearsal() {
    }

    /** @param args the folder of a small model */
    public static void main(String[] args) throws IOException {
        PrintWriter nowhere = new PrintWriter(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        List<String[]> commands = new ArrayList<>();
        CommandLine line = Main.commandLine(new Crane(), nowhere, nowhere);
        line.getSubcommands().keySet().forEach(command -> commands.add(new String[]{command, "--help"}));
        commands.add(new String[]{"--help"});
        commands.add(new String[]{"doctor"});
        commands.add(new String[]{"doctor", "--json"});
        Path text = Files.createTempFile("crane-", ".txt");
        Files.writeString(text, "A river runs. Dòng sông chảy. 河水流淌。\n");
        commands.add(new String[]{"tokenize", "--model", args[0], text.toString()});
        commands.add(new String[]{"score", "--quiet", "--model", args[0], text.toString()});
        commands.add(new String[]{"generate", "--quiet", "--max-tokens", "4", "--model", args[0], "A river"});
        commands.add(new String[]{"explain", "--model", args[0], "A river"});
        commands.add(new String[]{"inspect", args[0]});
        for (String[] command : commands) {
            Main.run(command, nowhere, nowhere); // one that fails just leaves its classes out
        }
        Files.delete(text);
    }
}
