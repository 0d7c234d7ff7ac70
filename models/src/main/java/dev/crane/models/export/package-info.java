/** Models written as folders that other tools read. */
package dev.crane.models.export;
