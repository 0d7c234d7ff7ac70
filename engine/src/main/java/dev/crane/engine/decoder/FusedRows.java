package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Score;

/**
 * Sites whose units are those of others: matrices in which a model's files hold the rows of several projections, {@link Site#ATTN_QKV} and
 * {@link Site#MLP_GATE_UP}, and heads, {@link Site#ATTN_HEAD}. The decoder computes with the projections, each by itself, and with what attention gives;
 * here is which stored row belongs to which, so that rows can be named as they are stored, and which values are a head's.
 */
public final class FusedRows {
    private FusedRows() {
    }

    /** The sites whose units a fused site's are; any other site alone. */
    public static List<Site> parts(Site site) {
        return switch (site) {
            case ATTN_QKV -> List.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V);
            case MLP_GATE_UP -> List.of(Site.MLP_GATE, Site.MLP_UP);
            case ATTN_HEAD -> List.of(Site.ATTN_Z);
            default -> List.of(site);
        };
    }

    /** Whether a site's units are those of others. */
    public static boolean isFused(Site site) {
        return site == Site.ATTN_QKV || site == Site.MLP_GATE_UP || site == Site.ATTN_HEAD;
    }

    /**
     * Sites that were asked for of any model, as one that has the sites {@code present} has them: a matrix that holds the rows of several takes their
     * place where all of them are asked for, and where there is no gate, gate and up are up alone.
     */
    public static Set<Site> among(Set<Site> sites, Set<Site> present) {
        Set<Site> own = EnumSet.noneOf(Site.class);
        own.addAll(sites);
        for (Site fused : List.of(Site.ATTN_QKV, Site.MLP_GATE_UP))
            if (present.contains(fused) && own.containsAll(parts(fused))) {
                own.removeAll(parts(fused));
                own.add(fused);
            }
        if (own.contains(Site.MLP_UP) && present.contains(Site.MLP_UP) && !present.contains(Site.MLP_GATE))
            own.remove(Site.MLP_GATE);
        return own;
    }

    /** The stored rows of a part of a fused site, in the order of the part's units. */
    public static int[] rows(DecoderSpec spec, Site fused, Site part) {
        int[] rows = new int[spec.units(part)];
        int first = 0;
        for (Site before : parts(fused).subList(0, parts(fused).indexOf(part)))
            first += spec.units(before);
        int headDim = spec.attention().headDim();
        boolean perHead = fused == Site.ATTN_QKV && spec.attention().rows() == AttentionSpec.QkvRows.PER_HEAD;
        for (int unit = 0; unit < rows.length; unit++)
            rows[unit] = perHead
                    ? (unit / headDim * 3 + parts(fused).indexOf(part)) * headDim + unit % headDim
                    : first + unit;
        return rows;
    }

    /**
     * The unit of a projection that a stored row is.
     *
     * @param site the projection
     * @param unit its unit
     */
    record Unit(Site site, int unit) {}

    /** For each unit of a fused site the units that it is: of a stored row one, of a head its values. */
    static List<List<Unit>> units(DecoderSpec spec, Site fused) {
        if (fused == Site.ATTN_HEAD)
            return IntStream.range(0, spec.attention().heads()).mapToObj(head -> head(spec, head)).toList();
        List<List<Unit>> units = new ArrayList<>(Collections.nCopies(spec.units(fused), List.of()));
        for (Site part : parts(fused)) {
            int[] rows = rows(spec, fused, part);
            for (int unit = 0; unit < rows.length; unit++)
                units.set(rows[unit], List.of(new Unit(part, unit)));
        }
        return units;
    }

    private static List<Unit> head(DecoderSpec spec, int head) {
        int width = spec.attention().headDim();
        return IntStream.range(head * width, (head + 1) * width).mapToObj(unit -> new Unit(Site.ATTN_Z, unit)).toList();
    }

    // ---- requests in terms of projections, results in terms of stored rows ----

    /** The request with the projections in the place of fused sites; the request itself where it names none. */
    public static RelevanceRequest apart(RelevanceRequest request) {
        if (!namesFused(request))
            return request;
        if (request.gradients().stream().anyMatch(point -> point.site() == Site.ATTN_HEAD))
            throw noValues();
        Set<Site> sites = EnumSet.noneOf(Site.class);
        request.sites().forEach(site -> sites.addAll(parts(site)));
        Set<HookPoint> gradients = new TreeSet<>();
        request.gradients().forEach(point -> parts(point.site()).forEach(part -> gradients.add(new HookPoint(part, point.layer()))));
        return new RelevanceRequest(request.rule(), request.target(), request.scores(), sites, gradients, request.tokenRelevance(),
                request.interventions(), request.interventionOf());
    }

    /** What was asked for, from the result of {@link #apart}. */
    public static RelevanceResult together(DecoderSpec spec, RelevanceRequest request, RelevanceResult result) {
        if (!namesFused(request))
            return result;
        Map<Score, Map<HookPoint, List<float[]>>> scores = new LinkedHashMap<>();
        result.scores().forEach((score, points) -> {
            Map<HookPoint, List<float[]>> wanted = new TreeMap<>();
            for (Site site : request.sites())
                for (int layer = 0; layer < spec.layers(); layer++) {
                    int at = layer;
                    wanted.put(spec.point(site, layer),
                            site == Site.ATTN_HEAD
                                    ? heads(spec, points.get(new HookPoint(Site.ATTN_Z, at)))
                                    : together(spec, site, part -> points.get(new HookPoint(part, at))));
                }
            scores.put(score, wanted);
        });
        Map<HookPoint, List<float[]>> gradients = new TreeMap<>();
        for (HookPoint point : request.gradients())
            gradients.put(spec.point(point.site(), point.layer()),
                    together(spec, point.site(), part -> result.gradients().get(new HookPoint(part, point.layer()))));
        return new RelevanceResult(result.targets(), scores, gradients, result.tokenRelevance());
    }

    private static boolean namesFused(RelevanceRequest request) {
        return request.sites().stream().anyMatch(FusedRows::isFused)
                || request.gradients().stream().anyMatch(point -> isFused(point.site()));
    }

    /** The request with the projections in the place of fused sites; the request itself where it names none. */
    public static ForwardRequest apart(ForwardRequest request) {
        if (request.captures().stream().noneMatch(capture -> isFused(capture.point().site())))
            return request;
        if (request.captures().stream().anyMatch(capture -> capture.point().site() == Site.ATTN_HEAD))
            throw noValues();
        List<Capture> captures = new ArrayList<>();
        for (Capture capture : request.captures())
            for (Site part : parts(capture.point().site()))
                captures.add(part(capture, part));
        return new ForwardRequest(request.output(), captures, request.interventions(), request.interventionOf(), request.firstScored());
    }

    /** What was asked for, from the result of {@link #apart}. */
    public static ForwardResult together(DecoderSpec spec, ForwardRequest request, ForwardResult result) {
        if (request.captures().stream().noneMatch(capture -> isFused(capture.point().site())))
            return result;
        Map<Capture, List<float[]>> captures = new LinkedHashMap<>();
        for (Capture capture : request.captures())
            captures.put(capture, together(spec, capture.point().site(), part -> result.captures().get(part(capture, part))));
        return new ForwardResult(result.logits(), result.logprobs(), result.greedy(), captures);
    }

    private static Capture part(Capture capture, Site part) {
        return part == capture.point().site() ? capture : new Capture(new HookPoint(part, capture.point().layer()), capture.reduction());
    }

    private static CraneException noValues() {
        return new CraneException("a head has no value of its own: read attn.z, in which its values stand side by side");
    }

    /** Scores of heads: the sums of those of their values, in double precision. */
    private static List<float[]> heads(DecoderSpec spec, List<float[]> ofValues) {
        int width = spec.attention().headDim();
        List<float[]> all = new ArrayList<>();
        for (float[] values : ofValues) {
            float[] heads = new float[values.length / width];
            for (int head = 0; head < heads.length; head++) {
                double sum = 0;
                for (int i = head * width; i < (head + 1) * width; i++)
                    sum += values[i];
                heads[head] = (float) sum;
            }
            all.add(heads);
        }
        return all;
    }

    private interface OfPart {
        List<float[]> values(Site part);
    }

    /** Rows of a site's units from those of its parts, sequence by sequence; a row is as wide as the site has units, times any number of tokens. */
    private static List<float[]> together(DecoderSpec spec, Site site, OfPart ofPart) {
        if (!isFused(site))
            return ofPart.values(site);
        int width = spec.units(site);
        List<float[]> all = new ArrayList<>();
        for (Site part : parts(site)) {
            int[] rows = rows(spec, site, part);
            List<float[]> values = ofPart.values(part);
            for (int b = 0; b < values.size(); b++) {
                int tokens = values.get(b).length / rows.length;
                if (b == all.size())
                    all.add(new float[tokens * width]);
                for (int t = 0; t < tokens; t++)
                    for (int unit = 0; unit < rows.length; unit++)
                        all.get(b)[t * width + rows[unit]] = values.get(b)[t * rows.length + unit];
            }
        }
        return all;
    }
}
