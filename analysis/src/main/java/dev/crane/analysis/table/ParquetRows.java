package dev.crane.analysis.table;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.SchemaNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** Rows from Parquet: texts, numbers, truth values, and lists and structures of them. */
public final class ParquetRows {
    /** The reader tells what it decompresses with; held here, for the logging system keeps loggers weakly. */
    private static final Logger READER_LOG = Logger.getLogger("dev.hardwood");

    static {
        READER_LOG.setLevel(Level.WARNING);
    }

    private ParquetRows() {
    }

    /** The rows of a file. */
    public static List<Row> read(Path file) {
        List<Row> rows = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(file)); RowReader row = reader.buildRowReader().build()) {
            List<String> names = reader.getFileSchema().getRootNode().children().stream().map(SchemaNode::name).toList();
            while (row.hasNext()) {
                row.next();
                rows.add(new Row(file + ": row " + (rows.size() + 1), values(row, names)));
            }
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        } catch (RuntimeException e) {
            if (e instanceof CraneException)
                throw e;
            throw new CraneException(file + ": cannot be read as Parquet: " + FileErrors.oneLine(String.valueOf(e.getMessage())), e);
        }
        return rows;
    }

    private static Map<String, Object> values(StructAccessor struct, List<String> names) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++)
            values.put(names.get(i), value(struct.getValue(i)));
        return values;
    }

    private static Object value(Object value) {
        return switch (value) {
            case null -> null;
            case Integer i -> i.longValue();
            case Float f -> f.doubleValue();
            case Long l -> l;
            case Double d -> d;
            case Boolean b -> b;
            case String s -> s;
            case PqList list -> {
                List<Object> items = new ArrayList<>();
                for (int i = 0; i < list.size(); i++)
                    items.add(value(list.get(i)));
                yield items;
            }
            case PqStruct struct -> {
                List<String> names = new ArrayList<>();
                for (int i = 0; i < struct.getFieldCount(); i++)
                    names.add(struct.getFieldName(i));
                yield values(struct, names);
            }
            default -> value.toString();
        };
    }
}
