package dev.crane.analysis.report;

import java.util.Locale;

import dev.crane.analysis.metric.SampleMean;

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
    static String meanAndSd(SampleMean spread, int digits, boolean sign) {
        if (Double.isNaN(spread.mean()))
            return "–";
        String mean = sign ? signed(spread.mean(), digits) : number(spread.mean(), digits);
        return spread.count() > 1 ? mean + " ± " + number(spread.deviation(), digits) : mean;
    }

    /** Ends of an interval: {@code +1.04 … +1.12}. */
    static String range(ReportData.Interval interval, int digits, boolean sign) {
        return sign
                ? signed(interval.low(), digits) + " … " + signed(interval.high(), digits)
                : number(interval.low(), digits) + " … " + number(interval.high(), digits);
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
}
