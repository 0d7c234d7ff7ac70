// LRP-gamma (Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10) at linear layers, which gamma.cu and products with |W| compute; everything else is
// another name for attnlrp.cuh.
#include "rules/attnlrp.cuh"
