package dev.crane.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

class CubinCacheTest {
    private static final CubinCache.Key OP = new CubinCache.Key("op");
    private static final byte[] IMAGE = {1, 2, 3, 4, 5};

    @TempDir
    Path folder;

    @Test
    void keepsAndGivesBack() throws IOException {
        CubinCache cache = new CubinCache(folder.resolve("deep/down"));
        assertEquals(Optional.empty(), cache.get(new CubinCache.Key("op-sm_90-0")));
        cache.put(new CubinCache.Key("op-sm_90-0"), IMAGE);
        assertArrayEquals(IMAGE, cache.get(new CubinCache.Key("op-sm_90-0")).orElseThrow());
        try (Stream<Path> files = Files.list(cache.folder())) {
            assertEquals(List.of("op-sm_90-0.cubin"), files.map(file -> file.getFileName().toString()).toList(),
                    "no temporary file is left");
        }
    }

    @Test
    void aFileCutOffOrChangedIsNotUsed() throws IOException {
        CubinCache cache = new CubinCache(folder);
        cache.put(OP, IMAGE);
        byte[] whole = Files.readAllBytes(folder.resolve("op.cubin"));
        for (int length : new int[]{0, 10, 32, whole.length - 1}) {
            Files.write(folder.resolve("op.cubin"), Arrays.copyOf(whole, length));
            assertEquals(Optional.empty(), cache.get(OP), length + " bytes");
        }
        whole[whole.length - 1]++;
        Files.write(folder.resolve("op.cubin"), whole);
        assertEquals(Optional.empty(), cache.get(OP));
        cache.put(OP, IMAGE);
        assertArrayEquals(IMAGE, cache.get(OP).orElseThrow());
    }

    @Test
    void doesWithoutAFolder() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the way");
        CubinCache cache = new CubinCache(file.resolve("below"));
        cache.put(OP, IMAGE);
        assertEquals(Optional.empty(), cache.get(OP));
    }

    @Test
    void aKeyTellsTextsApart() {
        CubinCache.Key key = CubinCache.key("op", "sm_90", List.of("ab", "c"));
        assertEquals(key, CubinCache.key("op", "sm_90", List.of("ab", "c")));
        assertNotEquals(key, CubinCache.key("op", "sm_90", List.of("a", "bc")));
        assertNotEquals(key, CubinCache.key("op", "sm_80", List.of("ab", "c")));
    }
}
