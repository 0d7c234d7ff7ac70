package dev.crane.bench;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * The CPU backend's ops other than the matrix product, one call each on the shapes of a layer, AttnLRP in backward; microseconds a call. What they
 * compute is checked by the engine's tests.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class OpBenchmark {
    /** The shapes of a layer. */
    public enum Model {
        /** The demo model. */
        BABEL_BASE(192, 512, 6, 2, 32, 6144),
        /** A Llama of 0.3 B parameters. */
        LLAMA_300M(1024, 3584, 16, 8, 64, 32000);

        private final int hidden;
        private final int intermediate;
        private final int heads;
        private final int kvHeads;
        private final int headDim;
        private final int vocabulary;

        Model(int hidden, int intermediate, int heads, int kvHeads, int headDim, int vocabulary) {
            this.hidden = hidden;
            this.intermediate = intermediate;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headDim = headDim;
            this.vocabulary = vocabulary;
        }
    }

    /** Rows of logits at a time. */
    private static final int LOGIT_ROWS = 64;

    /** The layer. */
    @Param({"BABEL_BASE", "LLAMA_300M"})
    Model model;

    /** Sequences x tokens. */
    @Param({"1x192", "8x192", "1x512"})
    String batch;

    /** Threads, the caller included. */
    @Param("2")
    int threads;

    private final Random random = new Random(1);
    private Backend backend;
    private Segments segments;
    private AttentionShape attention;
    private int[] positions;
    private int[] tokens;
    private Weight norm;
    private Tensor x;
    private Tensor delta;
    private Tensor y;
    private Tensor inverse;
    private Tensor cos;
    private Tensor sin;
    private Tensor q;
    private Tensor k;
    private Tensor v;
    private Tensor mixed;
    private Tensor logSumExp;
    private Tensor dMixed;
    private Tensor dq;
    private Tensor dk;
    private Tensor dv;
    private Tensor gate;
    private Tensor up;
    private Tensor neuron;
    private Tensor dNeuron;
    private Tensor dGate;
    private Tensor dUp;
    private Tensor sums;
    private Tensor logits;

    @Setup(Level.Trial)
    public void open() {
        int cross = batch.indexOf('x');
        int sequences = Integer.parseInt(batch.substring(0, cross));
        int length = Integer.parseInt(batch.substring(cross + 1));
        int n = sequences * length;
        int width = model.heads * model.headDim;
        int kvWidth = model.kvHeads * model.headDim;
        backend = new CpuBackend(threads);
        segments = new Segments(IntStream.rangeClosed(0, sequences).map(b -> b * length).toArray());
        attention = new AttentionShape(model.heads, model.kvHeads, model.headDim, (float) (1 / Math.sqrt(model.headDim)), 0, 0);
        positions = IntStream.range(0, n).map(t -> t % length).toArray();
        tokens = random.ints(LOGIT_ROWS, 0, model.vocabulary).toArray();
        norm = backend.weight(
                new StoredTensor("norm", DType.F32, new long[]{model.hidden}, MemorySegment.ofArray(new byte[4 * model.hidden])));
        x = values(n, model.hidden);
        delta = values(n, model.hidden);
        y = values(n, model.hidden);
        inverse = values(n, 1);
        cos = values(length, model.headDim / 2);
        sin = values(length, model.headDim / 2);
        q = values(n, width);
        k = values(n, kvWidth);
        v = values(n, kvWidth);
        mixed = values(n, width);
        logSumExp = values(n, model.heads);
        dMixed = values(n, width);
        dq = values(n, width);
        dk = values(n, kvWidth);
        dv = values(n, kvWidth);
        gate = values(n, model.intermediate);
        up = values(n, model.intermediate);
        neuron = values(n, model.intermediate);
        dNeuron = values(n, model.intermediate);
        dGate = values(n, model.intermediate);
        dUp = values(n, model.intermediate);
        sums = values(sequences, model.intermediate);
        logits = values(LOGIT_ROWS, model.vocabulary);
        attention(); // for the log-sum-exp that backward needs
    }

    private Tensor values(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return backend.upload(values, rows, columns);
    }

    @Benchmark
    public void rmsNorm() {
        backend.rmsNorm(x, null, norm, 1, 1e-5f, y, inverse);
    }

    @Benchmark
    public void rmsNormBackward() {
        backend.rmsNormBackward(x, norm, 0, inverse, y, Rule.ATTNLRP, delta);
    }

    @Benchmark
    public void rope() {
        backend.rope(dq, model.headDim, positions, cos, sin, false);
    }

    @Benchmark
    public final void attention() {
        backend.attention(q, k, v, attention, segments, KeyRanges.same(segments), mixed, logSumExp);
    }

    @Benchmark
    public void attentionBackward() {
        backend.attentionBackward(q, k, v, mixed, logSumExp, dMixed, attention, segments, Rule.ATTNLRP, dq, dk, dv);
    }

    @Benchmark
    public void gatedActivation() {
        backend.gatedActivation(gate, up, Activation.SILU, segments, null, null, null, neuron);
    }

    @Benchmark
    public void gatedActivationBackward() {
        backend.gatedActivationBackward(gate, up, Activation.SILU, segments, null, null, Rule.ATTNLRP, dNeuron, dGate, dUp);
    }

    @Benchmark
    public void segmentDot() {
        backend.segmentDot(gate, dGate, segments, sums);
    }

    /** {@value #LOGIT_ROWS} rows of logits. */
    @Benchmark
    public void tokenLogprobs() {
        backend.tokenLogprobs(logits, tokens, new float[LOGIT_ROWS], new int[LOGIT_ROWS]);
    }

    @TearDown(Level.Trial)
    public void close() {
        backend.close();
    }
}
