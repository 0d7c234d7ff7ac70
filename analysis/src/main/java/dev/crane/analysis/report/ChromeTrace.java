package dev.crane.analysis.report;

import java.io.StringWriter;

import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.backend.OpTimer.Launch;
import dev.crane.engine.profile.OpProfile;
import dev.crane.engine.profile.OpRun;

/**
 * A profile in the Trace Event Format (JSON object form), which chrome://tracing and ui.perfetto.dev show: ops on one line, the device's kernels on another;
 * times in microseconds.
 */
public final class ChromeTrace {
    private static final int PROCESS = 1;
    private static final int OPS = 1;
    private static final int KERNELS = 2;

    private ChromeTrace() {
    }

    /** The whole document. */
    public static String render(OpProfile profile) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JsonMapper.shared().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringProperty("displayTimeUnit", "ms");
            json.writeName("otherData").writeStartObject();
            json.writeStringProperty("format", "crane/trace@1");
            json.writeStringProperty("device", profile.log().device());
            json.writeNumberProperty("matrix_flops", profile.roofline().flops());
            json.writeNumberProperty("memory_bytes_per_s", profile.roofline().bytesPerSecond());
            json.writeNumberProperty("ops_left_out", profile.all().launches() - profile.log().runs().size());
            json.writeEndObject();
            json.writeName("traceEvents").writeStartArray();
            name(json, "process_name", OPS, profile.log().device());
            name(json, "thread_name", OPS, "ops");
            if (!profile.kernels().isEmpty())
                name(json, "thread_name", KERNELS, "kernels");
            for (OpRun run : profile.log().runs())
                run(json, run, profile);
            json.writeEndArray();
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    private static void name(JsonGenerator json, String what, int thread, String name) {
        json.writeStartObject();
        json.writeStringProperty("name", what);
        json.writeStringProperty("ph", "M");
        json.writeNumberProperty("pid", PROCESS);
        json.writeNumberProperty("tid", thread);
        json.writeName("args").writeStartObject();
        json.writeStringProperty("name", name);
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void run(JsonGenerator json, OpRun run, OpProfile profile) {
        double micros = run.timing().micros();
        begin(json, run.op(), "op", OPS, run.timing().startMicros(), micros);
        json.writeName("args").writeStartObject();
        json.writeStringProperty("site", run.site());
        if (run.layer() >= 0)
            json.writeNumberProperty("layer", run.layer());
        json.writeNumberProperty("bytes", run.work().bytes());
        json.writeNumberProperty("flop", run.work().flop());
        if (micros > 0)
            json.writeNumberProperty("roofline_share", profile.roofline().leastMicros(run.work()) / micros);
        json.writeEndObject();
        json.writeEndObject();
        for (Launch launch : run.timing().launches()) {
            begin(json, launch.kernel(), "kernel", KERNELS, launch.startMicros(), launch.micros());
            json.writeEndObject();
        }
    }

    /** A complete event, but for its end. */
    private static void begin(JsonGenerator json, String name, String category, int thread, double start, double micros) {
        json.writeStartObject();
        json.writeStringProperty("name", name);
        json.writeStringProperty("cat", category);
        json.writeStringProperty("ph", "X");
        json.writeNumberProperty("ts", start);
        json.writeNumberProperty("dur", micros);
        json.writeNumberProperty("pid", PROCESS);
        json.writeNumberProperty("tid", thread);
    }
}
