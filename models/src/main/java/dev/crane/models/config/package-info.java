/** {@code config.json}: checked access to its values, and what several families read from it alike. */
package dev.crane.models.config;
