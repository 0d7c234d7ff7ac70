/** The {@code crane} command. */
module dev.crane.cli {
    requires dev.crane.analysis;
    requires info.picocli;

    exports dev.crane.cli;

    opens dev.crane.cli to info.picocli;
}
