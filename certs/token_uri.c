/* RFC 7512, as far as it is ours: which token, which key, which module, where the PIN is. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "certs/token_parts.h"

static const char scheme[] = "pkcs11:";

bool token_is_uri(const char *text)
{
	return !strncmp(text, scheme, sizeof scheme - 1);
}

static enum fault refuse(const char *what)
{
	return fault_say(FAULT_BAD_KEY, "the URI of a token's key: %s", what);
}

static int digit_of(char hex)
{
	return isdigit((unsigned char)hex) ? hex - '0' : isxdigit((unsigned char)hex) ? tolower((unsigned char)hex) - 'a' + 10 : -1;
}

/* Percent-decoded; at most `size` bytes. */
static bool decode(struct span value, uint8_t *to, size_t size, size_t *len)
{
	for (*len = 0; value.len; value.at++, value.len--) {
		int byte = *value.at;
		if (byte == '%') {
			if (value.len < 3 || digit_of((char)value.at[1]) < 0 || digit_of((char)value.at[2]) < 0)
				return false;
			byte = digit_of((char)value.at[1]) * 16 + digit_of((char)value.at[2]);
			value.at += 2;
			value.len -= 2;
		}
		if (*len == size)
			return false;
		to[(*len)++] = (uint8_t)byte;
	}
	return true;
}

static bool decode_text(struct span value, char text[TOKEN_TEXT_MAX])
{
	size_t len;
	if (!decode(value, (uint8_t *)text, TOKEN_TEXT_MAX - 1, &len) || !len || memchr(text, 0, len))
		return false;
	text[len] = 0;
	return true;
}

static bool set_id(struct span value, struct token_uri *uri)
{
	return decode(value, uri->id, sizeof uri->id, &uri->id_len) && uri->id_len;
}

static bool is_private(struct span value, struct token_uri *uri)
{
	(void)uri;
	return span_is(value, "private");
}

static const struct attribute {
	const char *name;
	size_t offset;				/* of its text; 0: `set` takes it */
	bool (*set)(struct span value, struct token_uri *uri);
} path_attributes[] = {
	{ "serial", offsetof(struct token_uri, serial), NULL },
	{ "object", offsetof(struct token_uri, object), NULL },
	{ "id",     0, set_id },
	{ "type",   0, is_private },
}, token_attribute = { "token", offsetof(struct token_uri, token), NULL }, query_attributes[] = {
	{ "module-path", offsetof(struct token_uri, module), NULL },
	{ "pin-source",  offsetof(struct token_uri, pin_source), NULL },
};

static const struct attribute *find(const struct attribute *list, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(name, list[i].name))
			return &list[i];
	return NULL;
}

static enum fault take(struct span part, bool is_query, struct token_uri *uri)
{
	const uint8_t *sign = part.len ? memchr(part.at, '=', part.len) : NULL;
	struct span name = { part.at, sign ? (size_t)(sign - part.at) : part.len };
	struct span value = sign ? (struct span){ sign + 1, part.len - name.len - 1 } : (struct span){ 0 };
	if (span_is(name, "pin-value"))
		return refuse("a PIN has no place in it; say where it is with pin-source=");
	const struct attribute *attribute = is_query ? find(query_attributes, ARRAY_LEN(query_attributes), name) :
		span_is(name, "token") ? &token_attribute : find(path_attributes, ARRAY_LEN(path_attributes), name);
	if (!sign || !attribute)
		return fault_say(FAULT_BAD_KEY, "the URI of a token's key: \"%.*s\" is not known; there are token=, serial=, object=, "
			"id=, and behind a question mark module-path= and pin-source=", (int)(name.len < 40 ? name.len : 40), name.at);
	bool is_set = attribute->set ? attribute->set(value, uri) : decode_text(value, (char *)uri + attribute->offset);
	return is_set ? OK : fault_say(FAULT_BAD_KEY, "the URI of a token's key: %s= has a value that is none", attribute->name);
}

static enum fault take_all(struct span text, char separator, bool is_query, struct token_uri *uri)
{
	while (text.len) {
		const uint8_t *end = memchr(text.at, separator, text.len);
		size_t len = end ? (size_t)(end - text.at) : text.len;
		TRY(take((struct span){ text.at, len }, is_query, uri));
		len += end != NULL;
		text = (struct span){ text.at + len, text.len - len };
	}
	return OK;
}

enum fault token_uri_read(const char *text, struct token_uri *uri)
{
	*uri = (struct token_uri){ 0 };
	if (!token_is_uri(text) || strlen(text) >= TOKEN_URI_MAX)
		return refuse("it begins with pkcs11: and is not longer than 1023 bytes");
	text += sizeof scheme - 1;
	size_t path = strcspn(text, "?");
	TRY(take_all((struct span){ (const uint8_t *)text, path }, ';', false, uri));
	TRY(take_all(span_of_text(text[path] ? text + path + 1 : ""), '&', true, uri));
	if (!*uri->token && !*uri->serial)
		return refuse("it must name the token: token= or serial=");
	if (!*uri->object && !uri->id_len)
		return refuse("it must name the key: object= or id=");
	if (*uri->module && *uri->module != '/')
		return refuse("module-path= is a path from the root");
	return OK;
}

/* Everything but letters, digits and a few marks is written as %XX. */
static size_t encode(char *to, size_t size, struct span value)
{
	size_t len = 0;
	for (size_t i = 0; i < value.len && len + 4 < size; i++) {
		bool is_plain = isalnum(value.at[i]) || (value.at[i] && strchr("-._~", value.at[i]));
		len += (size_t)snprintf(to + len, size - len, is_plain ? "%c" : "%%%02x", value.at[i]);
	}
	to[len] = 0;
	return len;
}

static size_t append(char text[TOKEN_URI_MAX], size_t len, const char *name, struct span value)
{
	len += (size_t)snprintf(text + len, TOKEN_URI_MAX - len, "%s%s=", len > sizeof scheme - 1 ? ";" : "", name);
	return len + encode(text + len, TOKEN_URI_MAX - len, value);
}

void token_uri_write(const struct token_uri *uri, char text[TOKEN_URI_MAX])
{
	size_t len = (size_t)snprintf(text, TOKEN_URI_MAX, "%s", scheme);
	len = *uri->token ? append(text, len, "token", span_of_text(uri->token)) :
		append(text, len, "serial", span_of_text(uri->serial));
	len = uri->id_len ? append(text, len, "id", (struct span){ uri->id, uri->id_len }) :
		append(text, len, "object", span_of_text(uri->object));
	snprintf(text + len, TOKEN_URI_MAX - len, ";type=private");
}

/* "signing" and "signing-1795435200" are both followed by "signing-NOW". */
enum fault token_uri_next(const char *text, int64_t now, char next[TOKEN_URI_MAX])
{
	struct token_uri uri;
	TRY(token_uri_read(text, &uri));
	if (!*uri.object || uri.id_len)
		return refuse("a key that is named by id= has no successor; name it by object=");
	const char *object = strstr(text, "object=");
	size_t whole = strcspn(object, ";?"), base = whole;
	while (base && isdigit((unsigned char)object[base - 1]))
		base--;
	if (whole - base < 9 || object[base - 1] != '-')
		base = whole + 1;
	int len = snprintf(next, TOKEN_URI_MAX, "%.*s-%lld%s", (int)(object - text + (ptrdiff_t)base - 1), text, (long long)now,
		object + whole);
	return len < TOKEN_URI_MAX ? OK : refuse("its successor's would be too long");
}
