// Gradient × activation: another name for gradient.cuh.
#include "rules/gradient.cuh"
