package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

import dev.crane.engine.CraneException;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Score;

/** Reads the scores that were asked for while the backward pass runs. */
final class ScoreSheet {
    private final DecoderSpec spec;
    private final Backend backend;
    private final RelevanceRequest request;
    private final Segments segments;
    private final Workspace tensors;
    private final Map<Score, Map<HookPoint, List<float[]>>> scores = new EnumMap<>(Score.class);
    private final Map<HookPoint, List<float[]>> gradients = new TreeMap<>();
    /** What is still on its way from the device. */
    private final List<Runnable> arriving = new ArrayList<>();

    ScoreSheet(DecoderSpec spec, Backend backend, RelevanceRequest request, Segments segments, Workspace tensors) {
        this.spec = spec;
        this.backend = backend;
        this.request = request;
        this.segments = segments;
        this.tensors = tensors;
        request.scores().forEach(score -> scores.put(score, new TreeMap<>()));
    }

    /** What cannot be scored is a user's error. */
    static void check(DecoderSpec spec, RelevanceRequest request) {
        for (HookPoint point : request.gradients()) {
            checkSite(spec, point.site());
            if (point.layer() < 0 || point.layer() >= spec.layers())
                throw new CraneException("no gradient can be read at " + point + ": the model has layers 0 to " + (spec.layers() - 1));
        }
        for (Site site : request.sites()) {
            checkSite(spec, site);
            if (request.scores().contains(Score.ROW_GRADIENT) && !site.isLinear())
                throw new CraneException(
                        "the score " + Score.ROW_GRADIENT.label() + " is defined for rows of a weight matrix; " + site.label()
                                + " is none: leave it out, or ask for " + Score.RELEVANCE.label());
        }
    }

    private static void checkSite(DecoderSpec spec, Site site) {
        if (site == Site.LOGITS || site == Site.ATTN_PROBS)
            throw new CraneException("no relevance can be read at " + site.label());
        if (spec.units(site) == 0)
            throw new CraneException(
                    "no relevance can be read at " + site.label() + ": this model (" + spec.family() + ") does not have it");
    }

    boolean wants(Score score, Site site) {
        return request.scores().contains(score) && request.sites().contains(site);
    }

    /** Whether a score is asked for at one of these sites. */
    boolean reads(Site... sites) {
        return Arrays.stream(sites).anyMatch(site -> request.sites().contains(site)
                || request.gradients().stream().anyMatch(point -> point.site() == site));
    }

    /** Whether the gradient is asked for at a point. */
    boolean wantsGradient(Site site, int layer) {
        return request.gradients().contains(new HookPoint(site, layer));
    }

    /** The gradient at a point, if asked for. */
    void gradient(Site site, int layer, Tensor gradient) {
        if (wantsGradient(site, layer))
            gradient(site, layer, backend.download(gradient), gradient.columns());
    }

    /** The gradient at a point, row-major, computed on the host. */
    void gradient(Site site, int layer, float[] gradient, int width) {
        gradients.put(spec.point(site, layer), CaptureSheet.slices(gradient, segments, width));
    }

    /** All gradients that were read. */
    Map<HookPoint, List<float[]>> gradients() {
        return gradients;
    }

    /** The relevance of the units at a site, if asked for: {@code factor} · Σ_t value · gradient. */
    void relevance(Site site, int layer, Tensor value, Tensor gradient, float factor) {
        if (!wants(Score.RELEVANCE, site))
            return;
        Tensor sums = tensors.allocate(segments.count(), gradient.columns());
        backend.segmentDot(value, gradient, segments, sums);
        put(Score.RELEVANCE, site, layer, sums, factor);
    }

    /** The row gradient of a linear layer, if asked for; the gradient is that of its output before any edit. */
    void rowGradient(Site site, int layer, Tensor inputSums, Tensor gradient) {
        if (!wants(Score.ROW_GRADIENT, site))
            return;
        Tensor sums = tensors.allocate(segments.count(), gradient.columns());
        backend.segmentWeightedSum(inputSums, gradient, segments, sums);
        put(Score.ROW_GRADIENT, site, layer, sums, 1);
    }

    private void put(Score score, Site site, int layer, Tensor sums, float factor) {
        Supplier<float[]> later = backend.downloadLater(sums);
        tensors.release(sums);
        arriving.add(() -> {
            float[] values = later.get();
            if (factor != 1)
                for (int i = 0; i < values.length; i++)
                    values[i] *= factor;
            scores.get(score).put(spec.point(site, layer), CaptureSheet.rows(values, sums.columns()));
        });
    }

    /** All that was read. */
    Map<Score, Map<HookPoint, List<float[]>>> scores() {
        arriving.forEach(Runnable::run);
        arriving.clear();
        return scores;
    }
}
