package dev.crane.models.tokenizer.postprocessor;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.model.IdBuffer;

/** Puts special tokens around the ids of a text. */
public sealed interface PostProcessor {
    /** The ids with the special tokens. */
    int[] process(int[] ids);

    /**
     * Reads the value of {@code post_processor}.
     *
     * @param isToken which ids the vocabulary has
     */
    static PostProcessor read(JsonPlace place, IntPredicate isToken) {
        String type = place.text("type");
        return switch (type) {
            case "Sequence" -> new Chain(place.elements("processors").stream().map(processor -> read(processor, isToken)).toList());
            case "ByteLevel" -> new Offsets();
            case "TemplateProcessing" -> Template.read(place, isToken);
            case "BertProcessing", "RobertaProcessing" -> new Template(new int[]{named(place, "cls", isToken)},
                    new int[]{named(place, "sep", isToken)});
            default ->
                throw place.unknown("post-processor", type, "Sequence, ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing");
        };
    }

    /** The id in {@code "cls": ["[CLS]", 101]}. */
    private static int named(JsonPlace place, String member, IntPredicate isToken) {
        JsonPlace pair = place.member(member);
        if (!pair.node().isArray() || pair.node().size() != 2) {
            throw pair.error("is not a token and its id");
        }
        return Template.id(new JsonPlace(place.file(), pair.where() + "[1]", pair.node().get(1)), isToken);
    }

    /** One after another. */
    record Chain(List<PostProcessor> processors) implements PostProcessor {
        @Override
        public int[] process(int[] ids) {
            int[] processed = ids;
            for (PostProcessor processor : processors) {
                processed = processor.process(processed);
            }
            return processed;
        }
    }

    /** Changes only where tokens stand in the text, which nobody asks for here. */
    record Offsets() implements PostProcessor {
        @Override
        public int[] process(int[] ids) {
            return ids;
        }
    }

    /** The ids of special tokens before and after the text. */
    record Template(int[] before, int[] after) implements PostProcessor {
        @Override
        public int[] process(int[] ids) {
            int[] whole = Arrays.copyOf(before, before.length + ids.length + after.length);
            System.arraycopy(ids, 0, whole, before.length, ids.length);
            System.arraycopy(after, 0, whole, before.length + ids.length, after.length);
            return whole;
        }

        private static Template read(JsonPlace place, IntPredicate isToken) {
            IdBuffer before = new IdBuffer();
            IdBuffer after = new IdBuffer();
            boolean textSeen = false;
            for (JsonPlace piece : place.elements("single")) {
                if (piece.has("Sequence")) {
                    if (textSeen || !piece.member("Sequence").text("id").equals("A")) {
                        throw piece.error("is a second text, and there is only one");
                    }
                    textSeen = true;
                } else {
                    String name = piece.member("SpecialToken").text("id");
                    for (JsonPlace id : place.member("special_tokens").member(name).elements("ids")) {
                        (textSeen ? after : before).add(id(id, isToken));
                    }
                }
            }
            if (!textSeen) {
                throw place.member("single").error("leaves out the text itself, {\"Sequence\": {\"id\": \"A\"}}");
            }
            return new Template(before.toArray(), after.toArray());
        }

        private static int id(JsonPlace place, IntPredicate isToken) {
            int id = place.integer(Integer.MAX_VALUE);
            if (!isToken.test(id)) {
                throw place.error("the vocabulary has no token with the id " + id);
            }
            return id;
        }
    }
}
