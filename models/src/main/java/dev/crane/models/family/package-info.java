/** Families of models: what their configuration means and how their files name the weights. */
package dev.crane.models.family;
