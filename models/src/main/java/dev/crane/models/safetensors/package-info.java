/** Tensors in safetensors files: reading, writing, and the sets of files that make up one model. */
package dev.crane.models.safetensors;
