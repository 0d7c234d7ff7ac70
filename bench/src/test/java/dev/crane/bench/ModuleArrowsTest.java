package dev.crane.bench;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The shape of the whole: modules use only those below them, and packages within a module do not go round in circles. */
class ModuleArrowsTest {
    /** From the bottom up. */
    private static final List<String> MODULES = List.of("bindings", "kernels", "engine", "models", "analysis", "cli", "bench");

    /**
     * Classes of the engine's topmost package, where users look for them, that stand on a storey of their own: below everything the exception and
     * the version, which use nothing; above everything the engine itself. Between them lie what is asked of a pass and what comes back.
     */
    private static final Set<String> APART = Set.of("dev.crane.engine.CraneException", "dev.crane.engine.CraneVersion",
            "dev.crane.engine.Engine");

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("jmh_generated")).importPackages("dev.crane");
    }

    /** The second part of the package's name, as in {@code dev.crane.engine.hook}. */
    private static String module(JavaClass javaClass) {
        String name = javaClass.getPackageName().split("\\.")[2];
        return name.equals("cuda") ? "bindings" : name; // the thin layer over the generated bindings
    }

    /** The file of the class, from which the module's own folder or jar is to be told. */
    private static URI source(JavaClass javaClass) {
        return javaClass.getSource().orElseThrow().getUri();
    }

    @Test
    void everyModuleIsSeen() {
        Set<String> seen = classes.stream().map(ModuleArrowsTest::module).collect(Collectors.toSet());
        assertTrue(seen.containsAll(MODULES.subList(0, MODULES.indexOf("bench"))), seen.toString());
    }

    @Test
    void packagesSayTheirModule() {
        for (JavaClass javaClass : classes) {
            String file = source(javaClass).toString();
            String module = module(javaClass);
            assertTrue(file.contains("/" + module + "/target/") || file.contains("/crane-" + module + "-"),
                    () -> javaClass.getName() + " is in " + file);
        }
    }

    @Test
    void arrowsPointDown() {
        for (JavaClass javaClass : classes) {
            for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().startsWith("dev.crane.")) {
                    assertTrue(MODULES.indexOf(module(target)) <= MODULES.indexOf(module(javaClass)), dependency::getDescription);
                }
            }
        }
    }

    @Test
    void moduleDescriptorsPointDown() throws IOException {
        Map<String, ModuleDescriptor> descriptors = descriptors();
        descriptors.forEach((module, descriptor) -> {
            assertEquals("dev.crane." + module, descriptor.name());
            for (ModuleDescriptor.Requires requires : descriptor.requires()) {
                if (requires.name().startsWith("dev.crane.")) {
                    String required = requires.name().substring("dev.crane.".length());
                    assertTrue(MODULES.indexOf(required) < MODULES.indexOf(module), module + " requires " + required);
                }
            }
        });
    }

    @Test
    void generatedBindingsAreNotExported() throws IOException {
        assertEquals(List.of("dev.crane.bindings"), descriptors().get("bindings").exports().stream().map(ModuleDescriptor.Exports::source)
                .filter(exported -> exported.startsWith("dev.crane.bindings")).toList());
    }

    @Test
    void packagesOfAModuleHaveNoCycles() {
        SlicesRuleDefinition.slices().assignedFrom(new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                String outermost = javaClass.getName().replaceFirst("\\$.*", "");
                return SliceIdentifier.of(APART.contains(outermost) ? outermost : javaClass.getPackageName());
            }

            @Override
            public String getDescription() {
                return "packages";
            }
        }).should().beFreeOfCycles().check(classes);
    }

    /** Each module's descriptor, found beside a class of it: a folder of classes or a jar. */
    private static Map<String, ModuleDescriptor> descriptors() throws IOException {
        Map<String, ModuleDescriptor> descriptors = new LinkedHashMap<>();
        for (JavaClass javaClass : classes) {
            String module = module(javaClass);
            if (!descriptors.containsKey(module)) {
                String file = source(javaClass).toString();
                String path = javaClass.getName().replace('.', '/') + ".class";
                try (InputStream in = URI.create(file.substring(0, file.length() - path.length()) + "module-info.class").toURL()
                        .openStream()) {
                    descriptors.put(module, ModuleDescriptor.read(in));
                }
            }
        }
        return descriptors;
    }
}
