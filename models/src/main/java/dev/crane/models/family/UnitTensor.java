package dev.crane.models.family;

/**
 * Where the units of a site lie in a tensor of a model's files.
 *
 * @param tensor its name, as the family has it ({@link Family#stored} knows that in the files)
 * @param axis the dimension along which units lie: of a matrix 0 where a unit is a row, 1 where it is a column
 * @param index for each unit its index along that dimension
 */
public record UnitTensor(String tensor, int axis, int[] index) {}
