#include "daemon/ledger/store_crc.h"

#include <string.h>

uint32_t crc32c_plain(uint32_t crc, struct span bytes)
{
	static const uint32_t nibbles[16] = {	/* of the reversed polynomial 0x82f63b78 */
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	crc = ~crc;
	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= bytes.at[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2")))
static uint32_t by_processor(uint32_t crc, struct span bytes)
{
	uint64_t sum = ~crc, eight;
	for (; bytes.len >= sizeof eight; bytes.at += sizeof eight, bytes.len -= sizeof eight) {
		memcpy(&eight, bytes.at, sizeof eight);
		sum = __builtin_ia32_crc32di(sum, eight);
	}
	uint32_t rest = (uint32_t)sum;
	for (size_t i = 0; i < bytes.len; i++)
		rest = __builtin_ia32_crc32qi(rest, bytes.at[i]);
	return ~rest;
}

uint32_t crc32c(uint32_t crc, struct span bytes)
{
	return __builtin_cpu_supports("sse4.2") ? by_processor(crc, bytes) : crc32c_plain(crc, bytes);
}

#else

uint32_t crc32c(uint32_t crc, struct span bytes)
{
	return crc32c_plain(crc, bytes);
}

#endif
