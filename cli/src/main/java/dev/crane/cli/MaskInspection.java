package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static dev.crane.cli.Inspection.count;

/**
 * A mask.
 *
 * @param format of this record
 * @param mask its file
 * @param model name of the model it was found on; may be empty
 * @param modelHash hash of that model; may be empty
 * @param units how many it holds
 * @param intervention what happens to them, in a few words
 * @param points how many at each hook point
 * @param provenance where it comes from
 */
record MaskInspection(String format, String mask, String model, String modelHash, int units, String intervention,
        Map<String, Integer> points,
        SortedMap<String, String> provenance) implements Inspection {
    static MaskInspection of(Path file) {
        MaskFile mask = MaskFile.read(file);
        Map<String, Integer> points = new LinkedHashMap<>();
        mask.mask().counts().forEach((point, count) -> points.put(point.path(), count));
        return new MaskInspection("crane/mask-summary@1", file.toString(), mask.model().name(), mask.model().hash(), mask.mask().count(),
                mask.intervention().describe(), points, mask.provenance());
    }

    @Override
    public void print(PrintWriter out) {
        Table head = new Table().text("").text("");
        head.row("mask", mask);
        head.row("model", model.isEmpty() ? "not named" : model);
        if (!modelHash.isEmpty())
            head.row("model hash", modelHash);
        head.row("units", count(units));
        head.row("intervention", intervention);
        head.print(out);
        printUnits(out);
        Inspection.printMetadata("provenance", provenance, out);
        out.flush();
    }

    /** A row for each layer, a column for each site. */
    private void printUnits(PrintWriter out) {
        if (points.isEmpty())
            return;
        SortedMap<HookPoint, Integer> counts = new TreeMap<>();
        points.forEach((name, count) -> counts.put(HookPoint.parse(name).orElseThrow(), count));
        SortedSet<Site> sites = new TreeSet<>();
        SortedSet<Integer> layers = new TreeSet<>();
        counts.keySet().forEach(point -> {
            sites.add(point.site());
            layers.add(point.layer());
        });
        Table table = new Table().text("layer");
        sites.forEach(site -> table.number(site.label()));
        for (int layer : layers) {
            Object[] cells = new Object[sites.size() + 1];
            cells[0] = layer < 0 ? "–" : layer;
            int column = 1;
            for (Site site : sites)
                cells[column++] = count(counts.getOrDefault(new HookPoint(site, layer), 0));
            table.row(cells);
        }
        out.println();
        table.print(out);
    }
}
