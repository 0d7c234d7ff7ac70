package dev.crane.models.torch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A file that Python's {@code torch.save} wrote, of lists, dictionaries, texts, numbers and vectors of whole numbers. Such a file is a pickle, a small
 * program that builds an object; here only the instructions that build these things are followed, and anything else is refused by name
 * ({@link Unpickler}). Both layouts are read: the zip archive that PyTorch writes since 1.6, and the older sequence of pickles and storages.
 */
public final class TorchFile {
    /** Neuron files of the largest models have some megabytes. */
    private static final int LARGEST = 256 << 20;
    /** What the older layout begins with. */
    private static final String MAGIC = "0x1950a86a20f9469cfc6c";
    private static final int LEGACY_VERSION = 1001;

    private final Path file;
    private long storageBytes;

    private TorchFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the object.
     *
     * @return a {@link List} (of a list or tuple), {@link Map}, {@link String}, {@link Long}, {@link Boolean}, {@link TorchTensor}, or null. Hostile files may
     *         hold objects that contain themselves: check what there is level by level.
     * @throws CraneException one line that says what is wrong with the file, or what it holds that is not read
     */
    public static Object read(Path file) {
        try {
            if (Files.isDirectory(file))
                throw new CraneException(file + ": is a folder, not a file of PyTorch's");
            long size = Files.size(file);
            if (size > LARGEST)
                throw new CraneException(file + ": has " + size + " bytes; a list of neurons has a few million at most");
            TorchFile reader = new TorchFile(file);
            return reader.isZip() ? reader.readZip() : reader.readLegacy();
        } catch (ZipException e) {
            throw new CraneException(file + ": is damaged or cut off (" + FileErrors.oneLine(e.getMessage()) + "); download it again", e);
        } catch (EOFException e) {
            throw new CraneException(file + ": is cut off; download it again", e);
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    /** Whether a file begins as those that {@code torch.save} writes, whatever its name. */
    public static boolean isLikely(Path file) {
        try {
            String begin = Files.isRegularFile(file) ? begin(file) : "";
            return begin.equals("PK\003\004") || begin.startsWith("\u0080\u0002");
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private static String begin(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1);
        }
    }

    private boolean isZip() throws IOException {
        return begin(file).equals("PK\003\004");
    }

    // ---- the archive: NAME/data.pkl, NAME/byteorder, and NAME/data/KEY for each storage ----

    private Object readZip() throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            List<String> pickles = zip.stream().map(ZipEntry::getName).filter(name -> name.endsWith("/data.pkl")).toList();
            if (pickles.size() != 1)
                throw error("is a zip archive, but none that torch.save wrote: it has " + pickles.size() + " files data.pkl");
            String folder = pickles.getFirst().substring(0, pickles.getFirst().length() - "data.pkl".length());
            ZipEntry order = zip.getEntry(folder + "byteorder");
            if (order != null && !new String(bytes(zip, order), StandardCharsets.UTF_8).strip().equals("little"))
                throw error("was written on a big-endian machine, which is not read");
            byte[] pickle = bytes(zip, zip.getEntry(pickles.getFirst()));
            Map<String, byte[]> read = new HashMap<>();
            Unpickler unpickler = new Unpickler(file.toString(), ByteBuffer.wrap(pickle), (key, width, elements) -> {
                byte[] bytes = read.computeIfAbsent(key, k -> storage(zip, folder + "data/" + k));
                return new TorchTensor.Storage(file.toString(), width, elements, () -> bytes);
            });
            return unpickler.read();
        }
    }

    private byte[] storage(ZipFile zip, String name) {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null)
            throw error("has no storage " + FileErrors.quote(name) + ", which its pickle names");
        try {
            return bytes(zip, entry);
        } catch (IOException e) {
            throw new CraneException(file + ": is damaged or cut off (" + FileErrors.oneLine(e.getMessage()) + "); download it again", e);
        }
    }

    /** An entry's bytes; what all of them take together is bounded, whatever the archive claims or packs. */
    private byte[] bytes(ZipFile zip, ZipEntry entry) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            long left = LARGEST - storageBytes;
            byte[] bytes = in.readNBytes((int) left + 1);
            if (bytes.length > left)
                throw error("holds more than " + LARGEST + " bytes, more than any list of neurons; it is not read");
            storageBytes += bytes.length;
            return bytes;
        }
    }

    // ---- before PyTorch 1.6: pickles of a magic number, a version, the machine, the object, the storages' keys; then the storages ----

    private Object readLegacy() throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < 2 || (in.get(0) & 0xff) != 0x80)
            throw error("is no file that torch.save wrote");
        if (!MAGIC.equals(pickle(in, null)))
            throw error("is a pickle, but none that torch.save wrote");
        if (!(pickle(in, null) instanceof Long version && version == LEGACY_VERSION))
            throw error("is of a version of torch.save that is not read");
        if (!(pickle(in, null) instanceof Map<?, ?> machine && Boolean.TRUE.equals(machine.get("little_endian"))))
            throw error("was written on a big-endian machine, which is not read");
        Map<String, byte[]> storages = new HashMap<>();
        Map<String, Integer> widths = new HashMap<>();
        Object object = pickle(in, (key, width, elements) -> {
            widths.put(key, width);
            return new TorchTensor.Storage(file.toString(), width, elements, () -> storages.getOrDefault(key, new byte[0]));
        });
        if (!(pickle(in, null) instanceof List<?> keys))
            throw error("is damaged: its storages are not listed");
        for (Object key : new ArrayList<Object>(keys)) {
            if (!(key instanceof String name) || !widths.containsKey(name))
                throw error("is damaged: it lists a storage that no tensor has");
            long elements = in.remaining() < Long.BYTES ? -1 : in.getLong();
            if (elements < 0 || elements > in.remaining() / widths.get(name))
                throw error("is cut off: a storage ends in the middle; download it again");
            byte[] storage = new byte[(int) elements * widths.get(name)];
            in.get(storage);
            storages.put(name, storage);
        }
        return object;
    }

    private Object pickle(ByteBuffer in, Unpickler.Storages storages) {
        return new Unpickler(file.toString(), in, storages == null ? (key, width, elements) -> {
            throw error("is damaged: it has a tensor where none can be");
        } : storages).read();
    }

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
