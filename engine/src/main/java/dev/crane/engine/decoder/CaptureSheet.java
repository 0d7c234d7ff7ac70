package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** Reads what was asked for at hook points while the forward pass runs. */
final class CaptureSheet {
    private final Backend backend;
    private final Map<HookPoint, List<Capture>> wanted = new HashMap<>();
    private final Map<Capture, List<float[]>> values = new LinkedHashMap<>();

    CaptureSheet(Backend backend, List<Capture> captures) {
        this.backend = backend;
        for (Capture capture : captures) {
            if (values.put(capture, new ArrayList<>()) == null)
                wanted.computeIfAbsent(capture.point(), p -> new ArrayList<>()).add(capture);
        }
    }

    /** What cannot be captured from the model is a user's error. */
    static void check(DecoderSpec spec, List<Capture> captures) {
        for (Capture capture : captures) {
            HookPoint point = capture.point();
            if (point.site() != Site.LOGITS && (point.layer() < 0 || point.layer() >= spec.layers()))
                throw new CraneException("cannot capture " + point + ": the model has layers 0 to " + (spec.layers() - 1));
            if (point.site() == Site.ATTN_PROBS && capture.reduction() != null)
                throw new CraneException("cannot reduce " + point + " over tokens: attention probabilities are captured whole");
            if (point.site() != Site.ATTN_PROBS && spec.units(point.site()) == 0)
                throw new CraneException("cannot capture " + point + ": this model (" + spec.family() + ") does not have it");
        }
    }

    boolean wants(HookPoint point) {
        return wanted.containsKey(point);
    }

    /** Reads x [rows, width] at a point; for the logits this may be called once for each sequence. */
    void read(HookPoint point, Tensor x, Segments segments, Workspace tensors) {
        for (Capture capture : wanted.getOrDefault(point, List.of()))
            if (capture.reduction() == null) {
                values.get(capture).addAll(slices(backend.download(x), segments, x.columns()));
            } else {
                Tensor reduced = tensors.allocate(segments.count(), x.columns());
                backend.segmentReduce(x, segments, capture.reduction(), reduced);
                values.get(capture).addAll(rows(backend.download(reduced), x.columns()));
                tensors.release(reduced);
            }
    }

    /** Reads the attention probabilities of every sequence, [H·T, T] each. */
    void readProbabilities(HookPoint point, Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments,
            Workspace tensors) {
        for (Capture capture : wanted.getOrDefault(point, List.of()))
            for (int b = 0; b < segments.count(); b++) {
                Tensor probabilities = tensors.allocate(shape.heads() * segments.length(b), segments.length(b));
                backend.attentionProbabilities(q, k, logSumExp, shape, segments, b, probabilities);
                values.get(capture).add(backend.download(probabilities));
                tensors.release(probabilities);
            }
    }

    Map<Capture, List<float[]>> values() {
        return values;
    }

    /** Cuts row-major values into those of each sequence. */
    static List<float[]> slices(float[] all, Segments segments, int width) {
        List<float[]> result = new ArrayList<>();
        for (int b = 0; b < segments.count(); b++)
            result.add(Arrays.copyOfRange(all, segments.start(b) * width, (segments.start(b) + segments.length(b)) * width));
        return result;
    }

    /** Cuts row-major values into rows. */
    static List<float[]> rows(float[] all, int width) {
        List<float[]> result = new ArrayList<>();
        for (int at = 0; at < all.length; at += width)
            result.add(Arrays.copyOfRange(all, at, at + width));
        return result;
    }
}
