package dev.crane.models.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import dev.crane.models.json.JsonFile;
import dev.crane.models.tokenizer.file.JsonPlace;

/**
 * Which tokens begin and end a text, as the files beside a {@code tokenizer.json} say.
 *
 * @param bos empty where no file says, present and empty where one says there is none
 * @param eos likewise
 */
record SpecialTokenNames(Name bos, Name eos) {
    /** These files hold settings and names; the largest, with a chat template and hundreds of added tokens, have some hundred kilobytes. */
    private static final long LARGEST_FILE = 64L << 20;

    static final SpecialTokenNames UNTOLD = new SpecialTokenNames(Name.UNTOLD, Name.UNTOLD);

    /**
     * What is told of one token.
     *
     * @param told whether a file has the key
     * @param content the token, or empty where it is null
     * @param place where it stands, or null
     */
    record Name(boolean told, Optional<String> content, JsonPlace place) {
        private static final Name UNTOLD = new Name(false, Optional.empty(), null);

        private Name or(Name other) {
            return told ? this : other;
        }
    }

    /** Reads {@code tokenizer_config.json} and, for what that does not tell, {@code special_tokens_map.json}; either may be missing. */
    static SpecialTokenNames read(Path folder) {
        SpecialTokenNames config = readFile(folder.resolve("tokenizer_config.json"));
        SpecialTokenNames map = readFile(folder.resolve("special_tokens_map.json"));
        return new SpecialTokenNames(config.bos.or(map.bos), config.eos.or(map.eos));
    }

    private static SpecialTokenNames readFile(Path file) {
        if (!Files.exists(file)) {
            return UNTOLD;
        }
        JsonPlace place = new JsonPlace(file, "", JsonFile.read(file, LARGEST_FILE));
        return new SpecialTokenNames(name(place, "bos_token"), name(place, "eos_token"));
    }

    /** A name is a string, an object that holds it as {@code content}, or null. */
    private static Name name(JsonPlace place, String key) {
        if (!place.node().has(key)) {
            return Name.UNTOLD;
        }
        if (!place.has(key)) {
            return new Name(true, Optional.empty(), null);
        }
        JsonPlace name = place.member(key);
        JsonPlace content = name.node().isObject() ? name.member("content") : name;
        return new Name(true, Optional.of(content.text()), name);
    }
}
