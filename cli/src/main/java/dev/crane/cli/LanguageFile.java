package dev.crane.cli;

import java.nio.file.Path;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import dev.crane.analysis.statistics.LanguageStatistics;

/**
 * {@code LANG=FILE} on the command line.
 *
 * @param language short name, used in file names
 * @param file what belongs to it
 */
record LanguageFile(String language, Path file) {
    static final class Converter implements ITypeConverter<LanguageFile> {
        @Override
        public LanguageFile convert(String text) {
            int equals = text.indexOf('=');
            if (equals < 1 || equals == text.length() - 1 || !LanguageStatistics.isLanguage(text.substring(0, equals)))
                throw new TypeConversionException("expected LANG=FILE, such as en=texts.jsonl, not '" + text + "'");
            return new LanguageFile(text.substring(0, equals), Path.of(text.substring(equals + 1)));
        }
    }
}
