#pragma once
/* CRC32C (Castagnoli, RFC 3720 appendix B.4): finds flipped bits; says nothing against a forger. */
#include "proto/bytes.h"

/* Go on from `crc`, 0 at the beginning: the sum of two pieces in turn is that of both together. */
uint32_t crc32c(uint32_t crc, struct span bytes);
/* The same without the processor's help. */
uint32_t crc32c_plain(uint32_t crc, struct span bytes);
