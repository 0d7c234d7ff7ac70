package dev.crane.models.jinja;

/**
 * The value of a name, member or element that is not there.
 *
 * @param what the sentence that says so
 * @param strict whether it cannot even be printed
 */
record Undefined(String what, boolean strict) {
    static Undefined name(String name, boolean strict) {
        return new Undefined(Texts.repr(name) + " is undefined", strict);
    }

    static Undefined member(Object of, Object name, boolean strict) {
        String type = of == null ? "None" : Values.typeName(of) + " object";
        return new Undefined(name instanceof String
                ? Texts.repr(type) + " has no attribute " + Texts.repr(name)
                : type + " has no element " + Texts.repr(name), strict);
    }

    TemplateError error() {
        return new TemplateError(what);
    }

    /** Fails where even looking at it is not allowed. */
    void look() {
        if (strict) {
            throw error();
        }
    }
}
