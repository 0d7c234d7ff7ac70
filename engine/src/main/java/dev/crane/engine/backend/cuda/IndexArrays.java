package dev.crane.engine.backend.cuda;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.Stream;

/**
 * Index arrays that ops take (token ids, positions, where sequences begin) as they lie on the device. A pass hands the same few to every layer, so those
 * used last are kept, found by their contents.
 */
final class IndexArrays implements AutoCloseable {
    private static final int KEPT = 64;

    /** An array by its contents. */
    private static final class Key {
        private final int[] values;
        private final int hash;

        Key(int[] values) {
            this.values = values;
            this.hash = Arrays.hashCode(values);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && key.hash == hash && Arrays.equals(key.values, values);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private final Context context;
    private final Stream stream;
    private final Staging staging;
    private final Map<Key, DeviceBuffer> kept = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, DeviceBuffer> eldest) {
            if (size() > KEPT) {
                eldest.getValue().close(); // in stream order: what is enqueued with it still finds it
                return true;
            }
            return false;
        }
    };

    IndexArrays(Context context, Stream stream, Staging staging) {
        this.context = context;
        this.stream = stream;
        this.staging = staging;
    }

    /** Its address on the device, valid for what is enqueued before {@value #KEPT} other arrays are asked for. */
    long address(int[] values) {
        DeviceBuffer buffer = kept.get(new Key(values));
        if (buffer == null) {
            buffer = context.memory().allocate((long) values.length * Integer.BYTES, stream);
            staging.upload(values, buffer);
            kept.put(new Key(values.clone()), buffer);
        }
        return buffer.address();
    }

    @Override
    public void close() {
        kept.values().forEach(DeviceBuffer::close);
        kept.clear();
    }
}
