/**
 * Hooks as a library: open a model folder, say what is to be read and changed at which hook points, run texts, get named arrays.
 *
 * <pre>{@code
 * import dev.crane.models.hooks.*;
 *
 * try (Model model = Model.open("models/babel-base")) {
 *     Result result = model.on("Water boils at").capture("mlp.neuron.2").change(Change.zero("mlp.neuron.1", 3, 17)).run();
 *     System.out.println(result.get("mlp.neuron.2"));
 * }
 * }</pre>
 *
 * <p>A thin layer over {@link dev.crane.engine.Engine}, which does the work; {@code docs/hooks.md} tells it by examples.
 */
package dev.crane.models.hooks;
