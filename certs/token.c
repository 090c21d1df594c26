/* The one file that knows ENGINE: Debian 12 has no other way to give OpenSSL a key that is in a token.  Where OpenSSL has
 * none any more, a provider's store takes its place here (OSSL_STORE_open with the same URI).
 *
 * The engine is never made anybody's default, nor named in openssl.cnf: keys in files would then be signed with by it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "certs/token.h"

#include <openssl/engine.h>
#include <stdio.h>
#include <string.h>

#include "certs/openssl.h"
#include "certs/token_parts.h"

#ifdef OPENSSL_NO_ENGINE
#error "this OpenSSL has no ENGINE: give it the token's keys through a provider here"
#endif

/* For as long as the process lives: whoever has a key of it uses it. */
static enum fault open_engine(const char *module, ENGINE **opened)
{
	static ENGINE *engine;
	static char module_of_engine[TOKEN_TEXT_MAX];
	*opened = engine;
	if (engine)
		return !strcmp(module, module_of_engine) ? OK :
			fault_say(FAULT_BAD_KEY, "keys in two PKCS#11 modules, %s and %s, do not go together", module_of_engine, module);
	ENGINE *found = ENGINE_by_id("pkcs11");
	if (!found)
		return fault_say(FAULT_TOKEN_ABSENT, "OpenSSL has no engine for tokens (Debian: libengine-pkcs11-openssl): %s",
			openssl_reason());
	if (ENGINE_ctrl_cmd_string(found, "MODULE_PATH", module, 0) && ENGINE_init(found)) {
		snprintf(module_of_engine, sizeof module_of_engine, "%s", module);
		engine = *opened = found;
		return OK;
	}
	ENGINE_free(found);
	return fault_say(FAULT_TOKEN_BROKEN, "the engine for tokens does not begin with %s: %s", module, openssl_reason());
}

static enum fault hand_over(const struct token_uri *uri, const char *pin, EVP_PKEY **evp)
{
	ENGINE *engine;
	char text[TOKEN_URI_MAX];
	TRY(open_engine(token_module(uri), &engine));
	token_uri_write(uri, text);
	if (ENGINE_ctrl_cmd_string(engine, "PIN", pin, 0))
		*evp = ENGINE_load_private_key(engine, text, NULL, NULL);
	return *evp ? OK : fault_say(FAULT_TOKEN_BROKEN, "OpenSSL cannot use the key %s: %s", text, openssl_reason());
}

static enum fault read_pin(const char *text, const struct token_uri *uri, const struct secret_source *source, struct secret **pin)
{
	const struct secret_source named = { .text = uri->pin_source };
	char what[TOKEN_URI_MAX + 16];
	snprintf(what, sizeof what, "the token of %s", text);
	return secret_read(*uri->pin_source ? &named : source, what, pin);
}

enum fault token_load(const char *text, const struct secret_source *source, EVP_PKEY **evp)
{
	struct token_uri uri;
	struct secret *pin;
	*evp = NULL;
	TRY(token_uri_read(text, &uri));
	TRY(read_pin(text, &uri, source, &pin));
	enum fault fault = token_visit(&uri, secret_text(pin), TOKEN_FIND);
	if (!fault)
		fault = hand_over(&uri, secret_text(pin), evp);
	secret_free(pin);
	return fault;
}

enum fault token_make(const char *text, const struct secret_source *source, enum token_use use)
{
	struct token_uri uri;
	struct secret *pin;
	TRY(token_uri_read(text, &uri));
	TRY(read_pin(text, &uri, source, &pin));
	enum fault fault = token_visit(&uri, secret_text(pin), use == TOKEN_SIGNS ? TOKEN_MAKE_SIGNING : TOKEN_MAKE_UNSEALING);
	secret_free(pin);
	return fault;
}
