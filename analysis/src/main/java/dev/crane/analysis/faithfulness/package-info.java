/** Whether an order of units predicts what removing them does: deletion and insertion curves, and agreement with measured ablation. */
package dev.crane.analysis.faithfulness;
