package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;

class ControlsTest {
    @TempDir
    Path folder;

    @Test
    void theOneThatWasDrawnToMatchComesFirst() throws IOException {
        Controls controls = Controls.of(SmallExperiment.file(folder, SmallExperiment.yaml()
                .replace("  - {name: random, match: crane, seeds: 1}\n", """
                          - {name: random, label: anywhere, match: crane, uniform: true}
                          - {name: random, match: crane}
                          - {name: plnd}
                          - {name: random, label: like-plnd, match: plnd, uniform: true}
                        """)).methods());
        assertEquals(Optional.of("random"), controls.of("crane"));
        assertEquals(Optional.of("random@other"), controls.of("crane@other"));
        assertEquals(Optional.of("like-plnd"), controls.of("plnd"));
        assertEquals(Optional.of("random"), controls.of("crane-kurtosis"), "where none was drawn to match it");
        assertEquals(Optional.empty(), controls.of("random@other"));
    }

    @Test
    void masksFromFilesGoByTheirNames() {
        Controls controls = Controls
                .among(List.of(MaskKey.UNMASKED, new MaskKey("crane", "en", ""), new MaskKey("random-uniform", "en", "1")));
        assertEquals(Optional.of("random-uniform"), controls.of("crane"));
        assertEquals(Optional.empty(), controls.of("random-uniform"));
        assertEquals(Optional.empty(), controls.of("none"));
        assertEquals(Optional.empty(), Controls.among(List.of(MaskKey.UNMASKED, new MaskKey("crane", "en", ""))).of("crane"));
    }
}
