/** JSON files that are hostile until read. */
package dev.crane.models.json;
