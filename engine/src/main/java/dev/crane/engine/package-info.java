/** What a user of the engine holds: the loaded engine, what can be asked of a pass, and what comes back. */
package dev.crane.engine;
