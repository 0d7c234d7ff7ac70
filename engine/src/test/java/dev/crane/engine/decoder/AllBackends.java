package dev.crane.engine.decoder;

import java.util.stream.Stream;

import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.provider.Arguments;

import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.reference.ReferenceBackend;

/** The backends that a test of the passes is run on. */
final class AllBackends {
    private AllBackends() {
    }

    /** Each of them with a small model of each kind. */
    static Stream<Arguments> models() {
        return TinyModel.SPECS.stream().flatMap(spec -> Stream.of(new ReferenceBackend(), new CpuBackend(2)).map(
                backend -> Arguments.of(Named.of(backend.name(), backend), Named.of(spec.family(), new TinyModel(spec, 7)))));
    }

    static Stream<Arguments> backends() {
        return Stream.of(new ReferenceBackend(), new CpuBackend(2)).map(backend -> Arguments.of(Named.of(backend.name(), backend)));
    }
}
