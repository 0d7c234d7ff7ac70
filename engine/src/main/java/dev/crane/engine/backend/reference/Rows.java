package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;

/** Ops that read single rows of the embedding or of the head. */
final class Rows {
    private Rows() {
    }

    static void embed(HostWeight table, int[] ids, float scale, HostTensor out) {
        for (int t = 0; t < ids.length; t++) {
            float[] row = table.row(ids[t]);
            for (int i = 0; i < row.length; i++)
                out.data()[t * row.length + i] = scale * row[i];
        }
    }

    static void gather(HostTensor x, int[] rows, HostTensor out) {
        for (int i = 0; i < rows.length; i++)
            System.arraycopy(x.data(), rows[i] * x.columns(), out.data(), i * x.columns(), x.columns());
    }

    static float[] targetLogits(HostWeight head, HostTensor h, int[] rows, int[] tokens) {
        float[] logits = new float[rows.length];
        for (int n = 0; n < rows.length; n++) {
            float[] row = head.row(tokens[n]);
            double sum = 0;
            for (int i = 0; i < row.length; i++)
                sum += (double) h.data()[rows[n] * row.length + i] * row[i];
            logits[n] = (float) sum;
        }
        return logits;
    }

    static void targetLogitsBackward(HostWeight head, int[] rows, int[] tokens, float[] coefficients, HostTensor dh) {
        double[] sum = new double[dh.elements()];
        for (int n = 0; n < rows.length; n++) {
            float[] row = head.row(tokens[n]);
            for (int i = 0; i < row.length; i++)
                sum[rows[n] * row.length + i] += (double) coefficients[n] * row[i];
        }
        for (int i = 0; i < sum.length; i++)
            dh.data()[i] = (float) sum[i];
    }
}
