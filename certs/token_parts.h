#pragma once
/* What the files of certs/token*.c share. */
#include "certs/token.h"

enum { TOKEN_TEXT_MAX = 256 };

/* A URI, taken apart and decoded; what was not given is empty. */
struct token_uri {
	char token[TOKEN_TEXT_MAX], serial[TOKEN_TEXT_MAX], object[TOKEN_TEXT_MAX];
	uint8_t id[64];
	size_t id_len;
	char module[TOKEN_TEXT_MAX], pin_source[TOKEN_TEXT_MAX];
};

enum fault token_uri_read(const char *text, struct token_uri *uri) MUST_CHECK;
/* The part before the question mark, with exactly one name for the token and one for the key. */
void token_uri_write(const struct token_uri *uri, char text[TOKEN_URI_MAX]);

/* What is to be found out of a token, or done in it, before OpenSSL gets it. */
enum token_errand { TOKEN_FIND, TOKEN_MAKE_SIGNING, TOKEN_MAKE_UNSEALING };
enum fault token_visit(const struct token_uri *uri, const char *pin, enum token_errand errand) MUST_CHECK;
/* The module to be asked. */
const char *token_module(const struct token_uri *uri);
