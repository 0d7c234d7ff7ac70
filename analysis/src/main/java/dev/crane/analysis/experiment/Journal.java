package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Fingerprint;
import dev.crane.engine.file.FileErrors;

/**
 * What has been finished in an output folder: for each artefact the fingerprint of its inputs and of the files it consists of. A line is appended when
 * an artefact's files are in their place, so a run that was interrupted finds out what it need not do again; a line torn by a kill is dropped. A later
 * line about the same artefact stands for the earlier ones.
 */
public final class Journal {
    /** Its name in the folder. */
    public static final String FILE = "journal.jsonl";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path folder;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long written;

    private Journal(Path folder) {
        this.folder = folder;
    }

    private record Entry(String artefact, String inputs, SortedMap<String, String> files) {}

    /** The journal of a folder; empty where there is none yet. */
    public static Journal open(Path folder) {
        Journal journal = new Journal(folder);
        Path file = folder.resolve(FILE);
        if (!Files.exists(file))
            return journal;
        try {
            byte[] bytes = Files.readAllBytes(file);
            int from = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '\n') {
                    Entry entry = JSON.readValue(bytes, from, i - from, Entry.class);
                    journal.entries.put(entry.artefact, entry);
                    from = i + 1;
                    journal.written = from;
                }
            }
        } catch (JacksonException damaged) {
            // Whatever stands behind the damage is computed again.
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
        return journal;
    }

    /** Whether nothing was ever finished here. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Names of all artefacts, in the order in which they were finished first. */
    public Set<String> artefacts() {
        return Set.copyOf(entries.keySet());
    }

    /** Whether an artefact was made from these inputs and its files are as they were then. */
    public boolean finished(String artefact, String inputs) {
        Entry entry = entries.get(artefact);
        return entry != null && entry.inputs.equals(inputs) && entry.files.entrySet().stream().allMatch(file -> {
            Path path = folder.resolve(file.getKey());
            return Files.isRegularFile(path) && Fingerprint.of(path).equals(file.getValue());
        });
    }

    /** Records that an artefact is complete. */
    public void record(String artefact, String inputs, List<Path> files) {
        SortedMap<String, String> hashes = new TreeMap<>();
        for (Path file : files)
            hashes.put(name(file), Fingerprint.of(file));
        Entry entry = new Entry(artefact, inputs, hashes);
        entries.put(artefact, entry);
        append(JSON.writeValueAsString(entry) + "\n");
    }

    /** Removes the files of artefacts that no longer belong here, and forgets them. */
    public void keepOnly(Set<String> artefacts) {
        for (String artefact : artefacts()) {
            if (artefacts.contains(artefact))
                continue;
            for (String file : entries.remove(artefact).files.keySet()) {
                Path path = folder.resolve(file).normalize();
                boolean stillUsed = entries.values().stream().anyMatch(entry -> entry.files.containsKey(file));
                try {
                    if (path.startsWith(folder) && !stillUsed)
                        Files.deleteIfExists(path);
                } catch (IOException e) {
                    throw FileErrors.cannotWrite(path, e);
                }
            }
        }
    }

    private String name(Path file) {
        return folder.relativize(file).toString().replace('\\', '/');
    }

    private void append(String line) {
        Path file = folder.resolve(FILE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.truncate(written).position(written);
            ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
            written += bytes.remaining();
            while (bytes.hasRemaining())
                channel.write(bytes);
            channel.force(false);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e);
        }
    }
}
