package dev.crane.analysis.report;

import java.util.Arrays;
import java.util.Locale;

/** How numbers and languages are written in the report. */
final class Format {
    private Format() {
    }

    /** {@code digits} decimals; a dash for NaN. */
    static String number(double value, int digits) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%." + digits + "f", value).replace('-', '−');
    }

    /** With a sign. */
    static String signed(double value, int digits) {
        if (Double.isNaN(value))
            return "–";
        String text = String.format(Locale.ROOT, "%+." + digits + "f", value).replace('-', '−');
        return text.matches("[+−]0\\.?0*") ? text.substring(1) : text;
    }

    /** Mean, and the standard deviation over seeds where there are several; a dash where a value is not defined. */
    static String meanAndSd(double[] values, int digits, boolean sign) {
        if (Arrays.stream(values).anyMatch(Double::isNaN))
            return "–";
        Spread spread = Spread.of(values);
        String mean = sign ? signed(spread.mean(), digits) : number(spread.mean(), digits);
        return values.length > 1 ? mean + " ± " + number(spread.sd(), digits) : mean;
    }

    /** A count with thousands separated. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A language's English name with its code: {@code Vietnamese (vi)}; the code alone where it has no name. */
    static String language(String code) {
        String name = Locale.forLanguageTag(code).getDisplayLanguage(Locale.ENGLISH);
        return name.isEmpty() || name.equalsIgnoreCase(code) ? code : name + " (" + code + ")";
    }

    /** Mean and sample standard deviation. */
    record Spread(double mean, double sd) {
        static Spread of(double[] values) {
            double sum = 0;
            for (double value : values)
                sum += value;
            double mean = sum / values.length;
            double squares = 0;
            for (double value : values)
                squares += (value - mean) * (value - mean);
            return new Spread(mean, values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0);
        }
    }
}
