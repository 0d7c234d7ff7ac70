package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code edit.cu}: interventions on a tensor, in place, and their backward. */
public final class Edit {
    private final Instances forward;
    private final Instances backward;
    private final Edits.Argument argument = new Edits.Argument();

    /** Loads nothing yet. */
    public Edit(KernelLibrary library) {
        forward = new Instances(library, "edit", POINTER, INT, INT, Edits.PARAMETER);
        backward = new Instances(library, "edit", POINTER, POINTER, INT, INT, Edits.PARAMETER);
    }

    /** Changes x as the edits say. */
    public void launch(Stream stream, Matrix x, Edits edits) {
        argument.give(forward.of("edit", x.type()).pointer(x.address()).integer(x.rows()).integer(x.columns()), edits).launch(stream,
                Instances.rowBlocks(x, Instances.vector(x.type())), Instances.THREADS, 0);
    }

    /**
     * Takes the gradient back through the edits, in place.
     *
     * @param edited the values behind the edits
     */
    public void backward(Stream stream, Matrix gradient, Matrix edited, Edits edits) {
        edited.of("edited", gradient.type()).like("edited", gradient);
        argument.give(backward.of("edit_backward", gradient.type()).pointer(gradient.address()).pointer(edited.address())
                .integer(gradient.rows()).integer(gradient.columns()), edits).launch(stream,
                        Instances.rowBlocks(gradient, Instances.vector(gradient.type())), Instances.THREADS, 0);
    }
}
