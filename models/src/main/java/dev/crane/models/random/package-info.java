/** The one source of chance: a small documented generator, so that every draw can be made again anywhere. */
package dev.crane.models.random;
