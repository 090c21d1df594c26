#include "certs/authority.h"

#include "proto/text.h"

static bool is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter_or_digit(uint8_t c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

bool authority_id_is_valid(struct span id)
{
	if (id.len < 3 || id.len > AUTHORITY_ID_MAX || !is_letter(id.at[0]))
		return false;
	size_t dashes = 0;
	for (size_t i = 1; i < id.len; i++) {
		if (is_letter_or_digit(id.at[i]))
			continue;
		if (id.at[i] != '-' || id.at[i - 1] == '-')
			return false;
		dashes++;
	}
	return dashes > 0 && id.at[id.len - 1] != '-';
}

/* What would let a text show itself other than as one line read from its beginning. */
static const struct { uint32_t first, last; } disturbing[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f },		/* control characters */
	{ 0x061c, 0x061c }, { 0x200b, 0x200f },		/* invisible ones and marks of direction */
	{ 0x2028, 0x202e }, { 0x2060, 0x206f },		/* separators, embeddings, isolates */
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	{ 0xe0000, 0xe007f },				/* tags */
};

static bool is_disturbing(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_LEN(disturbing); i++)
		if (character >= disturbing[i].first && character <= disturbing[i].last)
			return true;
	return false;
}

bool text_is_one_line(struct span text, size_t max)
{
	if (text.len > max)
		return false;
	while (text.len) {
		uint32_t character;
		if (!utf8_next(&text, &character) || is_disturbing(character))
			return false;
	}
	return true;
}

bool authority_name_is_valid(struct span name)
{
	return name.len > 0 && name.at[0] != ' ' && text_is_one_line(name, AUTHORITY_NAME_MAX);
}
