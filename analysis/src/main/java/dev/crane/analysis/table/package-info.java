/** Tables in files: rows out of CSV, JSON and Parquet, and into CSV and Parquet. */
package dev.crane.analysis.table;
