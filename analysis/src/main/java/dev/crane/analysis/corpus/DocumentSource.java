package dev.crane.analysis.corpus;

import dev.crane.engine.CraneException;

/** A corpus file that is being read, a document at a time. */
interface DocumentSource extends AutoCloseable {
    /** Goes to the next document, checking what can be checked without parsing it; false at the end. */
    boolean advance();

    /** The document it stands at. */
    Document document();

    /** The error that names the file and the document it stands at. */
    CraneException error(String what);

    @Override
    void close();
}
