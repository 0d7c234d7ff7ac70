/** Files and folders that are either written whole or not at all, and what to say when they cannot be. */
package dev.crane.engine.file;
