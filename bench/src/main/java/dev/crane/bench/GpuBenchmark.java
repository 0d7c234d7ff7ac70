package dev.crane.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import dev.crane.cuda.Blas;
import dev.crane.cuda.Context;
import dev.crane.cuda.Device;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Event;
import dev.crane.cuda.Profile;
import dev.crane.cuda.Stream;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.family.Family;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

/**
 * Forward and relevance passes of a model's shape on a GPU, with random bf16 weights made there: tokens a second, useful TFLOP/s (2 FLOP a parameter and
 * token forward, 2 more for the gradients of the inputs; embedding left out), their share of the rate that the device's matrix products reach, and
 * memory. Then one relevance pass with every launch timed.
 */
public final class GpuBenchmark {
    /** Large enough that nothing but the matrix units bounds it. */
    private static final int SQUARE = 8192;
    private static final int WARM_UP = 2;

    private final Context context;
    private final Engine engine;
    private final DecoderSpec spec;
    private final long parameters;
    private final int repeat;
    private final List<String> lines = new ArrayList<>();

    private GpuBenchmark(CudaBackend backend, Engine engine, long parameters, int repeat) {
        this.context = backend.context();
        this.engine = engine;
        this.spec = engine.spec();
        this.parameters = parameters;
        this.repeat = repeat;
    }

    /** config.json, the report to write, precision, lengths of sequences, tokens in a batch (lists with commas), repeats; the size of the matrices whose product is the yardstick. */
    public static void main(String[] args) throws IOException {
        Path config = Path.of(args[0]);
        Precision precision = Precision.named(args[2]);
        int[] lengths = numbers(args[3]);
        int[] tokens = numbers(args[4]);
        ModelConfig parsed = ModelConfig.read(config);
        Family family = Family.of(parsed);
        DecoderSpec spec = family.spec(parsed);
        Map<String, long[]> shapes = family.tensors(spec);
        long parameters = shapes.entrySet().stream().filter(tensor -> !tensor.getKey().contains("embed"))
                .mapToLong(tensor -> Arrays.stream(tensor.getValue()).reduce(1, Math::multiplyExact)).sum();
        int square = args.length > 6 ? Integer.parseInt(args[6]) : SQUARE;
        Device device = Device.all().getFirst();
        try (Arena arena = Arena.ofConfined(); CudaBackend backend = new CudaBackend(device, new CudaSettings(precision, 0, true))) {
            double rate = matrixRate(backend.context(), square);
            Engine engine = Engine.load(spec,
                    family.weights(spec, name -> new StoredTensor(name, DType.BF16, shapes.get(name), MemorySegment.NULL), arena), backend,
                    EngineOptions.DEFAULT);
            GpuBenchmark benchmark = new GpuBenchmark(backend, engine, parameters, Integer.parseInt(args[5]));
            benchmark.line("# %s on %s", config.getFileName(), backend.description());
            benchmark.line("");
            benchmark.line(
                    "Driver for CUDA %s. %.2f G parameters without the embedding. bf16 matrix products (%d³, f32 sums): %.1f TFLOP/s.",
                    Device.driverVersion(), parameters / 1e9, square, rate / 1e12);
            benchmark.line("");
            benchmark.line(
                    "| pass | sequences | tokens/s | useful TFLOP/s | share of the matrix rate | fastest, median, slowest (ms) | peak memory (GB) |");
            benchmark.line("|---|---|---|---|---|---|---|");
            for (int length : lengths)
                for (int total : tokens)
                    benchmark.passes(length, Math.max(1, total / length), rate);
            benchmark.profile(lengths[0], Math.max(1, tokens[tokens.length - 1] / lengths[0]));
            Files.writeString(Path.of(args[1]), String.join("\n", benchmark.lines) + "\n");
        }
    }

    private static int[] numbers(String list) {
        return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    @SuppressWarnings("AnnotateFormatMethod") // would be a dependency for one private method
    private void line(String format, Object... arguments) {
        String line = String.format(Locale.ROOT, format, arguments);
        System.out.println(line);
        lines.add(line);
    }

    /** FLOP/s of a large bf16 product: the best of some, each of several launches. */
    private static double matrixRate(Context context, int square) {
        long bytes = 2L * square * square;
        try (Stream stream = context.stream();
                Blas blas = new Blas(stream);
                DeviceBuffer a = context.memory().allocate(bytes, stream);
                DeviceBuffer b = context.memory().allocate(bytes, stream);
                DeviceBuffer d = context.memory().allocate(bytes, stream);
                Event start = context.timingEvent();
                Event end = context.timingEvent()) {
            // Numbers as weights have them: zeros would be multiplied faster, as less power is drawn.
            short[] values = new short[1 << 16];
            Random random = new Random(1);
            for (int i = 0; i < values.length; i++)
                values[i] = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment piece = arena.allocate(2L * values.length, 16);
                MemorySegment.copy(values, 0, piece, JAVA_SHORT, 0, values.length);
                for (DeviceBuffer operand : List.of(a, b))
                    for (long at = 0; at < bytes; at += piece.byteSize())
                        operand.copyFrom(piece, at, stream);
                stream.synchronize();
            }
            Blas.Product product = new Blas.Product(square, square, square, true, ElementType.BF16, ElementType.BF16, false);
            double best = 0;
            for (int round = 0; round < 6; round++) {
                start.record(stream);
                int launches = 10;
                for (int i = 0; i < launches; i++)
                    blas.multiply(product, 1, a.address(), b.address(), 0, d.address(), 0);
                end.record(stream);
                end.synchronize();
                best = Math.max(best, launches * 2.0 * square * square * square / (end.millisecondsSince(start) / 1e3));
            }
            return best;
        }
    }

    private PackedBatch batch(int length, int sequences) {
        Random random = new Random(1);
        return PackedBatch.of(IntStream.range(0, sequences).mapToObj(b -> random.ints(length, 0, spec.vocabulary()).toArray()).toList());
    }

    private static RelevanceRequest relevance() {
        return RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.of(Score.RELEVANCE),
                EnumSet.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN));
    }

    private void passes(int length, int sequences, double rate) {
        PackedBatch batch = batch(length, sequences);
        time("forward", batch, length, rate, 2, () -> engine.forward(batch, ForwardRequest.of(Output.NEXT_LOGPROBS)));
        time("relevance", batch, length, rate, 4, () -> engine.relevance(batch, relevance()));
    }

    private void time(String what, PackedBatch batch, int length, double rate, int flopPerParameter, Runnable pass) {
        for (int i = 0; i < WARM_UP; i++)
            pass.run();
        context.synchronize();
        context.memory().resetPeak();
        double[] seconds = new double[repeat];
        for (int i = 0; i < repeat; i++) {
            long begin = System.nanoTime();
            pass.run();
            context.synchronize();
            seconds[i] = (System.nanoTime() - begin) / 1e9;
        }
        Arrays.sort(seconds);
        double tokensPerSecond = batch.tokens() / seconds[repeat / 2];
        double useful = tokensPerSecond * parameters * flopPerParameter;
        line("| %s | %d × %d | %.0f | %.1f | %.1f %% | %.1f, %.1f, %.1f | %.1f |", what, batch.sequences(), length, tokensPerSecond,
                useful / 1e12,
                100 * useful / rate, 1e3 * seconds[0], 1e3 * seconds[repeat / 2], 1e3 * seconds[repeat - 1],
                context.memory().peakBytes() / 1e9);
    }

    /** One relevance pass, launch by launch. */
    private void profile(int length, int sequences) {
        PackedBatch batch = batch(length, sequences);
        engine.relevance(batch, relevance());
        try (Profile profile = new Profile(context)) {
            context.profile(profile);
            engine.relevance(batch, relevance());
            context.profile(null);
            List<Profile.Entry> entries = profile.take();
            double all = entries.stream().mapToDouble(Profile.Entry::milliseconds).sum();
            line("");
            line("## One relevance pass of %d × %d tokens, launch by launch (%.1f ms in all)", sequences, length, all);
            line("");
            line("| kernel or product | launches | ms | share | µs a launch | TFLOP/s |");
            line("|---|---|---|---|---|---|");
            for (Profile.Entry entry : entries)
                line("| %s | %d | %.2f | %.1f %% | %.1f | %s |", entry.name(), entry.launches(), entry.milliseconds(),
                        100 * entry.milliseconds() / all,
                        1e3 * entry.milliseconds() / entry.launches(),
                        entry.flop() == 0 ? "" : String.format(Locale.ROOT, "%.0f", entry.flop() / entry.milliseconds() / 1e9));
        }
    }
}
