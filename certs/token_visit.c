/* In the token itself, by the interface that every token has (PKCS#11 2.40): is it there, does it take the PIN, is the key
 * in it.  Keys are made here too. */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#include "certs/token_parts.h"

enum { SLOTS_MAX = 64, REASON_SIZE = 64 };

struct visit {
	const struct token_uri *uri;
	CK_FUNCTION_LIST *token;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
};

static const char default_module[] = "p11-kit-proxy.so";

const char *token_module(const struct token_uri *uri)
{
	return *uri->module ? uri->module : default_module;
}

static enum fault broken(const char *what, CK_RV result)
{
	return fault_say(FAULT_TOKEN_BROKEN, "the token does not do it: %s: PKCS#11 error 0x%lx", what, result);
}

static const char *name_of(const struct token_uri *uri)
{
	return *uri->token ? uri->token : uri->serial;
}

static enum fault open_module(struct visit *visit)
{
	const char *path = token_module(visit->uri);
	CK_C_GetFunctionList get;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);	/* it stays: OpenSSL's keys are in it */
	void *symbol = module ? dlsym(module, "C_GetFunctionList") : NULL;
	memcpy(&get, &symbol, sizeof get);
	if (!symbol || get(&visit->token) != CKR_OK)
		/* cppcheck-suppress resourceLeak */
		return fault_say(FAULT_TOKEN_ABSENT, "the PKCS#11 module %s cannot be loaded: %s", path, module ? "it is none" : dlerror());
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
	CK_RV result = visit->token->C_Initialize(&arguments);
	/* cppcheck-suppress resourceLeak */
	return result == CKR_OK || result == CKR_CRYPTOKI_ALREADY_INITIALIZED ? OK : broken("begin", result);
}

/* Texts in PKCS#11 are filled up with blanks. */
static bool is_text(const CK_UTF8CHAR *padded, size_t size, const char *text)
{
	size_t len = strlen(text);
	if (len > size || memcmp(padded, text, len))
		return false;
	while (len < size && padded[len] == ' ')
		len++;
	return len == size;
}

static bool is_it(const struct token_uri *uri, const CK_TOKEN_INFO *token)
{
	return (!*uri->token || is_text(token->label, sizeof token->label, uri->token)) &&
		(!*uri->serial || is_text(token->serialNumber, sizeof token->serialNumber, uri->serial));
}

static enum fault find_token(struct visit *visit, CK_TOKEN_INFO *found)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;
	CK_RV result = visit->token->C_GetSlotList(CK_TRUE, slots, &count);
	if (result != CKR_OK)
		return broken("list the slots", result);
	for (CK_ULONG i = 0; i < count; i++)
		if (visit->token->C_GetTokenInfo(slots[i], found) == CKR_OK && is_it(visit->uri, found)) {
			visit->slot = slots[i];
			return OK;
		}
	return fault_say(FAULT_TOKEN_ABSENT, "there is no token \"%s\" in the %lu slots of %s", name_of(visit->uri), count,
		token_module(visit->uri));
}

static enum fault fault_of_login(const struct visit *visit, CK_RV result)
{
	static const struct { CK_RV result; enum fault fault; } meanings[] = {
		{ CKR_OK, OK }, { CKR_USER_ALREADY_LOGGED_IN, OK },
		{ CKR_PIN_INCORRECT, FAULT_PIN_WRONG }, { CKR_PIN_INVALID, FAULT_PIN_WRONG }, { CKR_PIN_LEN_RANGE, FAULT_PIN_WRONG },
		{ CKR_PIN_LOCKED, FAULT_PIN_LOCKED }, { CKR_PIN_EXPIRED, FAULT_PIN_LOCKED },
		{ CKR_TOKEN_NOT_PRESENT, FAULT_TOKEN_ABSENT }, { CKR_DEVICE_REMOVED, FAULT_TOKEN_ABSENT },
	};
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].result == result)
			return meanings[i].fault ? fault_say(meanings[i].fault, "token \"%s\": %s", name_of(visit->uri),
				fault_text(meanings[i].fault)) : OK;
	return broken("log in", result);
}

/* A locked token is not knocked at. */
static enum fault log_in(struct visit *visit, const CK_TOKEN_INFO *info, const char *pin, enum token_errand errand)
{
	if (info->flags & CKF_USER_PIN_LOCKED)
		return fault_of_login(visit, CKR_PIN_LOCKED);
	CK_FLAGS flags = CKF_SERIAL_SESSION | (errand == TOKEN_FIND ? 0 : CKF_RW_SESSION);
	CK_RV result = visit->token->C_OpenSession(visit->slot, flags, NULL, NULL, &visit->session);
	if (result != CKR_OK)
		return broken("open a session", result);
	if (!(info->flags & CKF_LOGIN_REQUIRED))
		return OK;
	return fault_of_login(visit, visit->token->C_Login(visit->session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)));
}

/* The attributes by which the URI names a key; how many. */
static CK_ULONG name_key(const struct token_uri *uri, CK_ATTRIBUTE attributes[2])
{
	CK_ULONG count = 0;
	if (*uri->object)
		attributes[count++] = (CK_ATTRIBUTE){ CKA_LABEL, (void *)uri->object, strlen(uri->object) };
	if (uri->id_len)
		attributes[count++] = (CK_ATTRIBUTE){ CKA_ID, (void *)uri->id, uri->id_len };
	return count;
}

static enum fault count_keys(struct visit *visit, CK_ULONG *count)
{
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted[3] = { { CKA_CLASS, &private_key, sizeof private_key } };
	CK_OBJECT_HANDLE found[2];
	CK_RV result = visit->token->C_FindObjectsInit(visit->session, wanted, 1 + name_key(visit->uri, wanted + 1));
	if (result == CKR_OK) {
		result = visit->token->C_FindObjects(visit->session, found, 2, count);
		visit->token->C_FindObjectsFinal(visit->session);
	}
	return result == CKR_OK ? OK : broken("look for the key", result);
}

/* RFC 5480: prime256v1. */
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/* The same id on both halves, so that OpenSSL finds the one by the other: the label, unless the URI has one. */
static enum fault make_key(struct visit *visit, enum token_errand errand)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BBOOL *signs = errand == TOKEN_MAKE_SIGNING ? &yes : &no, *unseals = errand == TOKEN_MAKE_SIGNING ? &no : &yes;
	const struct token_uri *uri = visit->uri;
	CK_ATTRIBUTE label = { CKA_LABEL, (void *)uri->object, strlen(uri->object) };
	CK_ATTRIBUTE id = uri->id_len ? (CK_ATTRIBUTE){ CKA_ID, (void *)uri->id, uri->id_len } :
		(CK_ATTRIBUTE){ CKA_ID, (void *)uri->object, strlen(uri->object) };
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &yes, sizeof yes }, { CKA_VERIFY, signs, sizeof yes },
		{ CKA_EC_PARAMS, p256, sizeof p256 }, label, id };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, sizeof yes }, { CKA_PRIVATE, &yes, sizeof yes },
		{ CKA_SENSITIVE, &yes, sizeof yes }, { CKA_EXTRACTABLE, &no, sizeof no }, { CKA_SIGN, signs, sizeof yes },
		{ CKA_DERIVE, unseals, sizeof yes }, label, id };
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE halves[2];
	CK_RV result = visit->token->C_GenerateKeyPair(visit->session, &mechanism, public, ARRAY_LEN(public), private,
		ARRAY_LEN(private), &halves[0], &halves[1]);
	return result == CKR_OK ? OK : broken("make a key on P-256", result);
}

static enum fault run_errand(struct visit *visit, enum token_errand errand)
{
	CK_ULONG count = 0;
	TRY(count_keys(visit, &count));
	if (count > 1)
		return fault_say(FAULT_BAD_KEY, "token \"%s\": more than one key is named so; name it by object= and id=", name_of(visit->uri));
	if (count == 1)
		return OK;
	if (errand == TOKEN_FIND)
		return fault_say(FAULT_TOKEN_KEY_MISSING, "token \"%s\": there is no private key \"%s\" in it", name_of(visit->uri),
			*visit->uri->object ? visit->uri->object : "of that id");
	return make_key(visit, errand);
}

enum fault token_visit(const struct token_uri *uri, const char *pin, enum token_errand errand)
{
	struct visit visit = { .uri = uri };
	CK_TOKEN_INFO info;
	TRY(open_module(&visit));
	TRY(find_token(&visit, &info));
	enum fault fault = log_in(&visit, &info, pin, errand);
	if (!fault)
		fault = run_errand(&visit, errand);
	if (visit.session)
		visit.token->C_CloseSession(visit.session);
	return fault;
}
