package dev.crane.analysis.evaluate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import dev.crane.analysis.Progress;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class RequestScorerTest {
    private static CausalLanguageModel model;

    @BeforeAll
    static void load() {
        model = CausalLanguageModel.load(MultipleChoiceTest.BABEL, Backends.create("cpu", 2), EngineOptions.DEFAULT);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** f32 on both sides, another order of sums: relative 1e-5 of a sum of log-probabilities, the tolerance of the golden logits. */
    @Test
    void logLikelihoodsAreTheHarness() throws IOException {
        MultipleChoice encoding = new MultipleChoice(model.tokenizer(), model.spec().maxPositions());
        List<TokenRequest> requests = new ArrayList<>();
        List<JsonNode> expected = new ArrayList<>();
        for (JsonNode edge : MultipleChoiceTest.edgeCases()) {
            ChoiceItem item = MultipleChoiceTest.item(edge, expected.size());
            Task task = new Task("edge", MultipleChoiceTest.BABEL, edge.get("delimiter").stringValue(), Task.Encoding.HARNESS,
                    List.of(item));
            requests.addAll(encoding.requests(task, item));
            edge.get("resps").forEach(expected::add);
        }
        List<TokenScore> scores = score(List.of(Condition.UNMASKED), requests, 4096).getFirst();
        for (int i = 0; i < scores.size(); i++) {
            double golden = expected.get(i).get(0).doubleValue();
            assertEquals(golden, scores.get(i).logprob(), 1e-5 * Math.abs(golden) + 1e-5, "request " + i);
            assertEquals(expected.get(i).get(1).booleanValue(), scores.get(i).greedy(), "request " + i);
        }
    }

    @Test
    void batchesAndCompanyChangeNoBit() {
        List<TokenRequest> requests = new ArrayList<>();
        for (int i = 0; i < 9; i++)
            requests.add(new TokenRequest(model.tokenizer().encodeWithBos("Water boils at a hundred degrees.".substring(0, 6 + 3 * i)),
                    1 + i % 3,
                    "text " + i));
        requests.add(requests.getFirst()); // the same once more
        HookPoint point = new HookPoint(Site.MLP_NEURON, 0);
        List<Condition> conditions = List.of(Condition.UNMASKED,
                new Condition("some", UnitMask.of(Map.of(point, new int[]{1, 2, 3, 200})).toInterventionSet("some")),
                new Condition("more", UnitMask.of(Map.of(point, new int[]{7, 8, 9, 10, 300, 301})).toInterventionSet("more")));
        List<List<TokenScore>> together = score(conditions, requests, 1 << 12);
        assertEquals(together, score(conditions, requests, 1));
        assertEquals(together, score(conditions, requests, 40));
        for (int c = 0; c < conditions.size(); c++) {
            assertEquals(together.get(c), score(List.of(conditions.get(c)), requests, 100).getFirst());
            assertEquals(together.get(c).getFirst(), together.get(c).getLast());
        }
        assertNotEquals(together.get(0), together.get(1));
        assertNotEquals(together.get(1), together.get(2));
    }

    @Test
    void workIsAnnouncedWhenItIsComplete() {
        List<TokenRequest> requests = List.of(new TokenRequest(model.tokenizer().encodeWithBos("Water boils."), 1, "text"));
        List<ScoreLog> logs = List.of(ScoreLog.inMemory(1), ScoreLog.inMemory(0), ScoreLog.inMemory(1));
        List<RequestScorer.Work> all = List.of(new RequestScorer.Work(Condition.UNMASKED, requests, logs.get(0)),
                new RequestScorer.Work(Condition.UNMASKED, List.of(), logs.get(1)),
                new RequestScorer.Work(Condition.UNMASKED, requests, logs.get(2)));
        List<Integer> finished = new ArrayList<>();
        new RequestScorer(model.engine(), 1).score(all, index -> {
            assertTrue(logs.get(index).complete());
            finished.add(index);
        }, "test", 0, Progress.SILENT);
        assertEquals(List.of(0, 1, 2), finished);
    }

    private static List<List<TokenScore>> score(List<Condition> conditions, List<TokenRequest> requests, int tokenBudget) {
        List<RequestScorer.Work> all = conditions.stream()
                .map(condition -> new RequestScorer.Work(condition, requests, ScoreLog.inMemory(requests.size()))).toList();
        new RequestScorer(model.engine(), tokenBudget).score(all, index -> {
        }, "test", 0, Progress.SILENT);
        return all.stream().map(work -> work.log().all()).toList();
    }
}
