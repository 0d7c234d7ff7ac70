package dev.crane.analysis.report;

import java.util.Locale;

/** Backgrounds of cells. */
final class Shade {
    private Shade() {
    }

    /**
     * From white (no harm) to orange; a gain is faintly blue. Dark text stays readable on all of them.
     *
     * @param share of the worst harm in the table
     */
    static String of(double share) {
        if (Double.isNaN(share))
            return "";
        double s = Math.min(Math.abs(share), 1);
        int[] full = share < 0 ? new int[]{150, 190, 225} : new int[]{238, 140, 75};
        return String.format(Locale.ROOT, "background:rgb(%d,%d,%d)", Math.round(255 + (full[0] - 255) * s),
                Math.round(255 + (full[1] - 255) * s), Math.round(255 + (full[2] - 255) * s));
    }
}
