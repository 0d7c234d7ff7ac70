/** Finding the neurons a language needs, masking them, and measuring every language. */
module dev.crane.analysis {
    requires transitive dev.crane.models;
    requires dev.hardwood.core;
    requires java.logging;
    requires tools.jackson.databind;
    requires tools.jackson.dataformat.csv;
    requires tools.jackson.dataformat.yaml;

    exports dev.crane.analysis;
    exports dev.crane.analysis.collect;
    exports dev.crane.analysis.corpus;
    exports dev.crane.analysis.evaluate;
    exports dev.crane.analysis.exchange;
    exports dev.crane.analysis.experiment;
    exports dev.crane.analysis.explain;
    exports dev.crane.analysis.faithfulness;
    exports dev.crane.analysis.harness;
    exports dev.crane.analysis.identify;
    exports dev.crane.analysis.judge;
    exports dev.crane.analysis.mask;
    exports dev.crane.analysis.metric;
    exports dev.crane.analysis.report;
    exports dev.crane.analysis.statistics;
    exports dev.crane.analysis.table;
}
