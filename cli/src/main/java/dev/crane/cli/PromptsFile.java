package dev.crane.cli;

import java.nio.file.Files;
import java.nio.file.Path;

import picocli.CommandLine.ITypeConverter;

/**
 * {@code FILE} or {@code LANG=FILE} on the command line.
 *
 * @param language short name; empty where none is given
 * @param file the prompts
 */
record PromptsFile(String language, Path file) {
    static final class Converter implements ITypeConverter<PromptsFile> {
        @Override
        public PromptsFile convert(String text) {
            if (text.indexOf('=') < 0 || Files.exists(Path.of(text)))
                return new PromptsFile("", Path.of(text));
            LanguageFile named = new LanguageFile.Converter().convert(text);
            return new PromptsFile(named.language(), named.file());
        }
    }
}
