/** Model folders as they are on the hub: what they describe, their weights, their provenance. */
package dev.crane.models;
