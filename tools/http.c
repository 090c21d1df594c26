#include "tools/http.h"

#include <curl/curl.h>
#include <stdio.h>

/* What has come so far. */
struct hearing {
	struct bytes *answer;
	size_t answer_max, from;		/* where it begins */
	enum fault fault;
};

static size_t hear(char *at, size_t size, size_t count, void *owner)
{
	struct hearing *hearing = owner;
	struct span more = { (const uint8_t *)at, size * count };
	if (hearing->answer->len - hearing->from + more.len > hearing->answer_max)
		hearing->fault = fault_say(FAULT_TOO_LARGE, "the answer is longer than %zu bytes", hearing->answer_max);
	else
		hearing->fault = bytes_append(hearing->answer, more);
	return hearing->fault ? 0 : more.len;
}

static enum fault fault_of(CURLcode code)
{
	static const struct { CURLcode code; enum fault fault; } rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST,     FAULT_NO_HOST },
		{ CURLE_COULDNT_RESOLVE_PROXY,    FAULT_NO_HOST },
		{ CURLE_COULDNT_CONNECT,          FAULT_LINE_REFUSED },
		{ CURLE_OPERATION_TIMEDOUT,       FAULT_LINE_TIMEOUT },
		{ CURLE_SSL_CONNECT_ERROR,        FAULT_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, FAULT_TLS },
		{ CURLE_OUT_OF_MEMORY,            FAULT_NO_MEMORY },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return rows[i].fault;
	return FAULT_LINE_CUT;
}

static struct curl_slist *headers_of(const struct http_errand *errand)
{
	char sends[128], wants[128];
	snprintf(sends, sizeof sends, "Content-Type: %s", errand->sends);
	snprintf(wants, sizeof wants, "Accept: %s", errand->wants);
	struct curl_slist *first = curl_slist_append(NULL, sends), *both = curl_slist_append(first, wants);
	if (!both)
		curl_slist_free_all(first);
	return both;
}

static void prepare(CURL *curl, const struct http_errand *errand, struct curl_slist *headers, struct hearing *hearing, char *why)
{
	curl_easy_setopt(curl, CURLOPT_URL, errand->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, errand->document.at);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)errand->document.len);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, hearing);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)errand->patience_ms);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
}

static enum fault go(CURL *curl, const struct hearing *hearing, const char *why)
{
	long status = 0;
	CURLcode code = curl_easy_perform(curl);
	if (hearing->fault)
		return hearing->fault;
	if (code)
		return fault_say(fault_of(code), "%s", *why ? why : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? OK : fault_say(FAULT_NOT_FOUND, "it answers with the HTTP status %ld", status);
}

enum fault http_post(const struct http_errand *errand, struct bytes *answer)
{
	char why[CURL_ERROR_SIZE] = "";
	struct hearing hearing = { .answer = answer, .answer_max = errand->answer_max, .from = answer->len };
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return FAULT_NO_MEMORY;
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = headers_of(errand);
	enum fault fault = FAULT_NO_MEMORY;
	if (curl && headers) {
		prepare(curl, errand, headers, &hearing, why);
		fault = go(curl, &hearing, why);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return fault;
}
