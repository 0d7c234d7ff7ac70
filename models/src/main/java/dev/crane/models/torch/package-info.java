/** Files that {@code torch.save} wrote, as far as they hold whole numbers; nothing in them is executed. */
package dev.crane.models.torch;
