package dev.crane.models.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * Reads a Python pickle without executing anything: a machine of its own that knows the instructions which build lists, tuples, dictionaries, texts,
 * numbers and tensors of whole numbers, and refuses any other, by name. A pickle may name functions to be called; here these are fixed words with a
 * fixed meaning.
 *
 * <p>
 * What it builds: {@link List} (list and tuple), {@link Map} with texts or numbers as keys, {@link String}, {@link Long}, {@link Boolean},
 * {@link TorchTensor}, or null. Objects may be shared and may contain themselves, so whoever walks them bounds the depth and the number of steps.
 * Memory and time are linear in the pickle's length.
 */
final class Unpickler {
    /** Finds the storage of a persistent id: of a type with numbers of {@code width} bytes, by its key, of {@code elements} numbers. */
    @FunctionalInterface
    interface Storages {
        TorchTensor.Storage storage(String key, int width, int elements);
    }

    /** A name that a pickle may use, {@code torch.LongStorage}. */
    private enum Global {
        REBUILD_TENSOR("torch._utils", "_rebuild_tensor_v2"), LONG_STORAGE("torch", "LongStorage"), INT_STORAGE("torch",
                "IntStorage"), ORDERED_DICT("collections", "OrderedDict");

        private final String module;
        private final String name;

        Global(String module, String name) {
            this.module = module;
            this.name = name;
        }
    }

    private enum Mark {
        MARK
    }

    private final String file;
    private final ByteBuffer in;
    private final Storages storages;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /** @param in stands at the pickle's beginning, and afterwards behind its end */
    Unpickler(String file, ByteBuffer in, Storages storages) {
        this.file = file;
        this.in = in.order(ByteOrder.LITTLE_ENDIAN);
        this.storages = storages;
    }

    /** Runs to the end and returns what was built. */
    Object read() {
        while (true) {
            int code = unsigned(1);
            if (code == '.')
                return pop();
            step(code);
        }
    }

    // ---- instructions (the comments are the names that Python's pickletools has for them) ----

    private void step(int code) {
        switch (code) {
            case 0x80 -> protocol(); // PROTO
            case 0x95 -> unsignedLong(); // FRAME: how much follows, which is no matter here
            case '(' -> stack.add(Mark.MARK); // MARK
            case ']' -> stack.add(new ArrayList<>()); // EMPTY_LIST
            case ')' -> stack.add(List.of()); // EMPTY_TUPLE
            case '}' -> stack.add(new LinkedHashMap<>()); // EMPTY_DICT
            case 'N' -> stack.add(null); // NONE
            case 0x88 -> stack.add(true); // NEWTRUE
            case 0x89 -> stack.add(false); // NEWFALSE
            case 'K' -> stack.add((long) unsigned(1)); // BININT1
            case 'M' -> stack.add((long) unsigned(2)); // BININT2
            case 'J' -> stack.add((long) signed()); // BININT
            case 0x8a -> stack.add(bigNumber()); // LONG1
            case 'X' -> stack.add(text(signed())); // BINUNICODE
            case 0x8c -> stack.add(text(unsigned(1))); // SHORT_BINUNICODE
            case 'a' -> append(); // APPEND
            case 'e' -> appendAll(aboveMark(true)); // APPENDS
            case 's' -> putAll(popTwo()); // SETITEM
            case 'u' -> putAll(aboveMark(true)); // SETITEMS
            case 't' -> stack.add(aboveMark(false)); // TUPLE
            case 0x85 -> tuple(1); // TUPLE1
            case 0x86 -> tuple(2); // TUPLE2
            case 0x87 -> tuple(3); // TUPLE3
            case 'q' -> memo.put(unsigned(1), top()); // BINPUT
            case 'r' -> memo.put(signed(), top()); // LONG_BINPUT
            case 0x94 -> memo.put(memo.size(), top()); // MEMOIZE
            case 'h' -> recall(unsigned(1)); // BINGET
            case 'j' -> recall(signed()); // LONG_BINGET
            case 'c' -> stack.add(global(line(), line())); // GLOBAL
            case 0x93 -> stackGlobal(); // STACK_GLOBAL
            case 'Q' -> stack.add(persistent(pop())); // BINPERSID
            case 'R' -> stack.add(reduce(popTwo())); // REDUCE
            default -> throw error("has the pickle instruction 0x" + Integer.toHexString(code)
                    + ", which lists of tensors do not need; it is not read");
        }
    }

    private void protocol() {
        int version = unsigned(1);
        if (version < 2 || version > 5)
            throw error("is a pickle of the protocol " + version + "; 2 to 5 are read");
    }

    private void append() {
        appendAll(Collections.singletonList(pop()));
    }

    /** Appends to the list on top of the stack; it may be a tuple, which Python would refuse, but no harm comes of that here. */
    private void appendAll(List<Object> items) {
        if (!(top() instanceof ArrayList<?> list))
            throw damaged();
        @SuppressWarnings("unchecked") // all lists here are made in this class
        ArrayList<Object> mine = (ArrayList<Object>) list;
        mine.addAll(items);
    }

    private void tuple(int size) {
        List<Object> tuple = new ArrayList<>();
        for (int i = 0; i < size; i++)
            tuple.addFirst(pop());
        stack.add(tuple);
    }

    private void recall(int slot) {
        if (!memo.containsKey(slot))
            throw damaged();
        stack.add(memo.get(slot));
    }

    private void stackGlobal() {
        List<Object> names = popTwo();
        if (!(names.getFirst() instanceof String module && names.getLast() instanceof String name))
            throw damaged();
        stack.add(global(module, name));
    }

    private Global global(String module, String name) {
        for (Global known : Global.values())
            if (known.module.equals(module) && known.name.equals(name))
                return known;
        throw error("names " + FileErrors.quote(module + "." + name)
                + ", which lists of tensors of whole numbers do not need; it is not read, and nothing of it is executed");
    }

    /** {@code ("storage", torch.LongStorage, "0", "cpu", 17)}; older files have a sixth, for a part of another storage. */
    private TorchTensor.Storage persistent(Object id) {
        if (!(id instanceof List<?> parts && (parts.size() == 5 || (parts.size() == 6 && parts.get(5) == null))
                && "storage".equals(parts.get(0)) && parts.get(1) instanceof Global type && parts.get(2) instanceof String key
                && parts.get(4) instanceof Long elements && elements >= 0 && elements <= Integer.MAX_VALUE / Long.BYTES
                && (type == Global.LONG_STORAGE || type == Global.INT_STORAGE)))
            throw damaged();
        return storages.storage(key, type == Global.LONG_STORAGE ? Long.BYTES : Integer.BYTES, elements.intValue());
    }

    private Object reduce(List<Object> call) {
        if (!(call.getFirst() instanceof Global function && call.getLast() instanceof List<?> arguments))
            throw damaged();
        if (function == Global.ORDERED_DICT && arguments.isEmpty())
            return new LinkedHashMap<>();
        if (function == Global.REBUILD_TENSOR)
            return tensor(arguments);
        throw damaged();
    }

    /** {@code (storage, offset, size, stride, requires_grad, hooks)}. */
    private TorchTensor tensor(List<?> arguments) {
        if (!(arguments.size() >= 6 && arguments.get(0) instanceof TorchTensor.Storage storage && arguments.get(1) instanceof Long offset
                && arguments.get(2) instanceof List<?> size && arguments.get(3) instanceof List<?> stride && size.size() == stride.size()))
            throw damaged();
        if (size.size() != 1 || !(size.getFirst() instanceof Long length) || !(stride.getFirst() instanceof Long step)
                || (step != 1 && length > 1))
            throw error("holds a tensor of " + size.size() + " dimensions or with gaps; only vectors are read");
        if (offset < 0 || length < 0 || offset > storage.elements() || length > storage.elements() - offset)
            throw error("holds a tensor that is no part of its storage; it is damaged");
        return new TorchTensor(storage, offset.intValue(), length.intValue());
    }

    // ---- the stack ----

    private Object top() {
        if (stack.isEmpty() || stack.getLast() == Mark.MARK)
            throw damaged();
        return stack.getLast();
    }

    private Object pop() {
        Object top = top();
        stack.removeLast();
        return top;
    }

    private List<Object> popTwo() {
        Object second = pop();
        List<Object> two = new ArrayList<>();
        two.add(pop());
        two.add(second);
        return two;
    }

    /** What was put on the stack since the last mark; taken off, and the mark too. */
    private List<Object> aboveMark(boolean under) {
        int mark = stack.lastIndexOf(Mark.MARK);
        if (mark < 0 || (under && mark == 0))
            throw damaged();
        List<Object> above = stack.subList(mark + 1, stack.size());
        List<Object> items = new ArrayList<>(above);
        stack.subList(mark, stack.size()).clear();
        return items;
    }

    private void putAll(List<Object> items) {
        if (!(top() instanceof LinkedHashMap<?, ?> map) || items.size() % 2 != 0)
            throw damaged();
        @SuppressWarnings("unchecked") // all maps here are made in this class
        LinkedHashMap<Object, Object> mine = (LinkedHashMap<Object, Object>) map;
        for (int i = 0; i < items.size(); i += 2) {
            if (!(items.get(i) instanceof String || items.get(i) instanceof Long))
                throw error("has a dictionary whose keys are neither texts nor numbers");
            mine.put(items.get(i), items.get(i + 1));
        }
    }

    // ---- bytes ----

    private void need(long bytes) {
        if (bytes < 0 || bytes > in.remaining())
            throw error("is cut off or damaged: its pickle ends in the middle; download it again");
    }

    private int unsigned(int bytes) {
        need(bytes);
        return bytes == 1 ? in.get() & 0xff : in.getShort() & 0xffff;
    }

    private int signed() {
        need(Integer.BYTES);
        return in.getInt();
    }

    private long unsignedLong() {
        need(Long.BYTES);
        return in.getLong();
    }

    /** Python's long in two's complement, of the bytes that its first byte says; more than 64 bits are the magic number of older files. */
    private Object bigNumber() {
        int bytes = unsigned(1);
        need(bytes);
        byte[] digits = new byte[bytes];
        in.get(digits);
        if (bytes > Long.BYTES)
            return hex(digits);
        long value = bytes > 0 && digits[bytes - 1] < 0 ? -1 : 0;
        for (int i = bytes - 1; i >= 0; i--)
            value = value << 8 | (digits[i] & 0xff);
        return value;
    }

    private static String hex(byte[] littleEndian) {
        StringBuilder text = new StringBuilder("0x");
        for (int i = littleEndian.length - 1; i >= 0; i--)
            text.append(Character.forDigit(littleEndian[i] >> 4 & 15, 16)).append(Character.forDigit(littleEndian[i] & 15, 16));
        return text.toString();
    }

    private String text(int bytes) {
        need(bytes);
        byte[] utf8 = new byte[bytes];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** A line of ASCII, its end taken too. */
    private String line() {
        int begin = in.position();
        int end = begin;
        while (end < in.limit() && in.get(end) != '\n')
            end++;
        need(end - begin + 1L);
        byte[] line = new byte[end - begin];
        in.get(line);
        in.get();
        return new String(line, StandardCharsets.UTF_8);
    }

    private CraneException damaged() {
        return error("is damaged: its pickle does not hold together at byte " + in.position());
    }

    private CraneException error(String what) {
        return new CraneException(file + ": " + what);
    }
}
