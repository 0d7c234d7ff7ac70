package dev.crane.models.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(…)}: the one value whose members a template can set. */
record Namespace(Map<String, Object> members) {
    static Namespace of(Arguments arguments) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (Object each : arguments.positional()) {
            if (!(each instanceof Map<?, ?> map)) {
                throw new TemplateError("'" + Values.typeName(each) + "' object is not iterable");
            }
            map.forEach((key, value) -> members.put(Texts.string(key), value));
        }
        members.putAll(arguments.named());
        return new Namespace(members);
    }
}
