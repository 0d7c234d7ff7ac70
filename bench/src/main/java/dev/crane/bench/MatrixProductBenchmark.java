package dev.crane.bench;

import java.util.concurrent.TimeUnit;

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

import dev.crane.engine.backend.cpu.CpuThreads;
import dev.crane.engine.backend.cpu.MatrixProduct;
import dev.crane.engine.tensor.DType;

/** The matrix product on the shapes of babel-base and of a Llama of 0.3 B parameters; milliseconds per product. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class MatrixProductBenchmark {
    /** Inputs x outputs. */
    @Param({"192x192", "192x512", "512x192", "192x6144", "1024x1024", "1024x3584", "3584x1024", "1024x32000"})
    String layer;

    /** Tokens in the batch. */
    @Param({"1", "192", "512", "4096"})
    int rows;

    /** How the weights are stored. */
    @Param({"F32", "BF16"})
    DType weights;

    /** Whether the input's gradient is computed instead of the output. */
    @Param({"false", "true"})
    boolean backward;

    /** Threads, the caller included. */
    @Param("1")
    int threads;

    private CpuThreads pool;
    private MatrixProduct product;
    private LinearLayer linear;

    @Setup(Level.Trial)
    public void open() {
        int x = layer.indexOf('x');
        linear = new LinearLayer(rows, Integer.parseInt(layer.substring(0, x)), Integer.parseInt(layer.substring(x + 1)), weights,
                backward);
        pool = new CpuThreads(threads);
        product = new MatrixProduct(pool);
    }

    @Benchmark
    public void multiply() {
        linear.multiply(product);
    }

    @TearDown(Level.Trial)
    public void close() {
        pool.close();
        linear.close();
    }
}
