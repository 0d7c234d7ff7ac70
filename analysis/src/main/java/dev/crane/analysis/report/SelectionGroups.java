package dev.crane.analysis.report;

import java.util.List;
import java.util.function.Consumer;

import dev.crane.analysis.report.ReportData.Selection;

/** The selections of an experiment, those of a model and method together. */
record SelectionGroups(List<Selection> selections) {
    /** A model and a method. */
    record Group(String model, String method, List<Selection> selections) {}

    List<Group> all() {
        record Key(String model, String method) {}
        return selections.stream().map(s -> new Key(s.model(), s.method())).distinct().map(key -> new Group(key.model, key.method,
                selections.stream().filter(s -> s.model().equals(key.model) && s.method().equals(key.method)).toList())).toList();
    }

    List<String> models() {
        return selections.stream().map(Selection::model).distinct().toList();
    }

    List<Group> of(String model) {
        return all().stream().filter(group -> group.model.equals(model)).toList();
    }

    /** Shows something of every model: the first openly, the others to be opened. */
    void eachModel(Html html, Consumer<String> show) {
        for (String model : models()) {
            boolean first = model.equals(models().getFirst());
            if (!first)
                html.details(model);
            else if (models().size() > 1)
                html.element("h3", model);
            show.accept(model);
            if (!first)
                html.endDetails();
        }
    }
}
