/* A PKCS#11 module with tokens that do not let anybody in, each in its own way: for tests/unit/test_token.c.  SoftHSM
 * locks nobody out. */
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static const struct {
	const char *label;
	CK_FLAGS flags;
	CK_RV on_login;
} tokens[] = {
	{ "locked",     CKF_LOGIN_REQUIRED | CKF_USER_PIN_LOCKED, CKR_FUNCTION_NOT_SUPPORTED },	/* nobody should try */
	{ "locks-now",  CKF_LOGIN_REQUIRED,                       CKR_PIN_LOCKED },
	{ "pulled-out", CKF_LOGIN_REQUIRED,                       CKR_DEVICE_REMOVED },
	{ "mad",        CKF_LOGIN_REQUIRED,                       CKR_GENERAL_ERROR },
};

enum { COUNT = sizeof tokens / sizeof tokens[0] };

static CK_RV initialize(void *arguments)
{
	(void)arguments;
	return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL only_with_token, CK_SLOT_ID *slots, CK_ULONG *count)
{
	(void)only_with_token;
	for (CK_ULONG i = 0; i < COUNT; i++)
		slots[i] = i;
	*count = COUNT;
	return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	memset(info, ' ', sizeof *info);
	memcpy(info->label, tokens[slot].label, strlen(tokens[slot].label));
	info->flags = tokens[slot].flags;
	return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *owner, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	(void)flags, (void)owner, (void)notify;
	*session = slot + 1;
	return CKR_OK;
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE who, CK_UTF8CHAR *pin, CK_ULONG len)
{
	(void)who, (void)pin, (void)len;
	return tokens[session - 1].on_login;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	(void)session;
	return CKR_OK;
}

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	static CK_FUNCTION_LIST functions = {
		.version = { 2, 40 }, .C_Initialize = initialize, .C_GetSlotList = get_slot_list, .C_GetTokenInfo = get_token_info,
		.C_OpenSession = open_session, .C_Login = log_in, .C_CloseSession = close_session,
	};
	*list = &functions;
	return CKR_OK;
}
