/** Text generation: choosing tokens, and running a model token by token. */
package dev.crane.models.generate;
