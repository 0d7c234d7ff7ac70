/** The {@code crane} command. */
module dev.crane.cli {
    requires jdk.jshell;
    requires dev.crane.analysis;
    requires info.picocli;
    requires java.management;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires tools.jackson.databind;

    exports dev.crane.cli;

    opens dev.crane.cli to info.picocli, tools.jackson.databind;
}
