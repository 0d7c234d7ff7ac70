package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.report.ReportData.Interval;
import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.analysis.table.Csv;
import dev.crane.engine.hook.HookPoint;

/** What the report computes, as tables: {@code methods.csv}, {@code langspec.csv}, {@code overlap.csv}, {@code layers.csv}, {@code units.csv}. */
final class ReportTables {
    private final ReportData data;
    private final MethodTable methods;

    ReportTables(ReportData data, MethodTable methods) {
        this.data = data;
        this.methods = methods;
    }

    /** All of them by their names. */
    Map<String, String> all() {
        Map<String, String> tables = new LinkedHashMap<>();
        tables.put("methods.csv", methods());
        tables.put("langspec.csv", langSpec());
        tables.put("layers.csv", layers());
        tables.put("overlap.csv", overlap());
        tables.put("units.csv", units());
        return tables;
    }

    private String methods() {
        Csv csv = new Csv("model", "method", "found_on", "mask", "intervention", "seeds", "units", "own_rise", "own_sd", "own_low",
                "own_high",
                "others_rise",
                "control", "control_units", "control_rise", "control_sd", "beyond_control", "beyond_low", "beyond_high", "p", "p_holm",
                "verdict",
                "selectivity", "selectivity_sd", "selectivity_low", "selectivity_high", "selectivity_beyond_control",
                "selectivity_beyond_low",
                "selectivity_beyond_high", "accuracy_drop", "others_accuracy_drop", "langspec_f1", "langspec_f1_sd");
        for (MethodRow row : methods.rows()) {
            Interval own = row.ownInterval();
            Interval versus = row.versus();
            Interval selectivity = row.selectivityInterval();
            Interval beyond = row.selectivityVersus();
            csv.row(row.model(), row.method(), row.source(), row.mask(), data.intervention(row.method()),
                    row.seeds(), row.units(), row.own().mean(), row.own().deviation(),
                    low(own),
                    high(own), row.others(), row.control(), row.control().isEmpty() ? "" : row.controlUnits(), row.controlRise().mean(),
                    row.controlRise().deviation(), value(versus), low(versus), high(versus), versus == null ? Double.NaN : versus.pValue(),
                    versus == null ? Double.NaN : versus.holm(), row.verdict().words(), row.selectivity().mean(),
                    row.selectivity().deviation(),
                    low(selectivity), high(selectivity), value(beyond), low(beyond), high(beyond), row.drop(), row.otherDrop(),
                    row.f1().mean(),
                    row.f1().deviation());
        }
        return csv.toString();
    }

    private static double value(Interval interval) {
        return interval == null ? Double.NaN : interval.value();
    }

    private static double low(Interval interval) {
        return interval == null ? Double.NaN : interval.low();
    }

    private static double high(Interval interval) {
        return interval == null ? Double.NaN : interval.high();
    }

    private String langSpec() {
        List<String> header = new ArrayList<>(
                List.of("model", "method", "mask", "seed", "other", "beta", "compat", "langspec_f1", "precision", "recall"));
        data.languages().forEach(language -> header.add("drop_" + language));
        Csv csv = new Csv(header.toArray(String[]::new));
        LangSpecF1.Options options = data.langSpecF1();
        for (TaskScores.Key key : methods.tasks().keys()) {
            LangSpecF1 f1 = methods.tasks().f1(key, options);
            if (f1 == null)
                continue;
            List<Object> cells = new ArrayList<>(List.of(key.model(), key.method(), key.mask(), key.seed(), options.others().label(),
                    options.beta(), options.authorsWeighting(), f1.f(), f1.precision(), f1.recall()));
            data.languages().forEach(language -> cells.add(methods.tasks().drop(key, language)));
            csv.row(cells.toArray());
        }
        return csv.toString();
    }

    private String layers() {
        Csv csv = new Csv("model", "method", "mask", "site", "layer", "units", "units_in_all");
        for (Selection s : data.selections())
            s.unitsInAll().forEach((point, all) -> csv.row(s.model(), s.method(), s.language(), point.site().label(), point.layer(),
                    count(s, point), all));
        return csv.toString();
    }

    private static int count(Selection selection, HookPoint point) {
        int[] units = selection.units().get(point);
        return units == null ? 0 : units.length;
    }

    /** All pairs that differ in one thing alone: the language, the method or the model. */
    private String overlap() {
        Csv csv = new Csv("between", "model_a", "method_a", "mask_a", "model_b", "method_b", "mask_b", "units_a", "units_b", "both",
                "jaccard",
                "overlap_coefficient");
        List<Selection> all = data.selections();
        for (int i = 0; i < all.size(); i++)
            for (int j = i + 1; j < all.size(); j++) {
                Selection a = all.get(i);
                Selection b = all.get(j);
                boolean model = a.model().equals(b.model());
                boolean method = a.method().equals(b.method());
                boolean language = a.language().equals(b.language());
                String between = model && method ? "languages" : model && language ? "methods" : method && language ? "models" : "";
                if (between.isEmpty())
                    continue;
                Overlap overlap = Overlap.of(a, b);
                csv.row(between, a.model(), a.method(), a.language(), b.model(), b.method(), b.language(), overlap.first(),
                        overlap.second(),
                        overlap.both(), overlap.jaccard(), overlap.coefficient());
            }
        return csv.toString();
    }

    /** The units that stand out, and the lines of the corpus that drive them. */
    private String units() {
        Csv csv = new Csv("model", "method", "mask", "rank", "point", "unit", "quantity", "value", "sample_rank", "line", "score");
        for (Selection s : data.selections())
            for (int rank = 0; rank < s.top().size(); rank++) {
                ReportData.TopUnit unit = s.top().get(rank);
                for (int e = 0; e < unit.examples().size(); e++) {
                    ReportData.Example example = unit.examples().get(e);
                    csv.row(s.model(), s.method(), s.language(), rank + 1, unit.point().path(), unit.unit(),
                            s.histogram() == null ? "" : s.histogram().quantity(), unit.value(), e + 1, example.line(), example.score());
                }
            }
        return csv.toString();
    }
}
