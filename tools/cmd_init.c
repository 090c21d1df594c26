/* comity init: a new authority, from nothing to a store that comityd opens.
 *
 * Everything is made in the order in which a second run can tell what is there: directories, then keys
 * (all or nothing), then the configuration, last the store, which comityd makes itself. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/authority.h"
#include "certs/files.h"
#include "certs/revocation.h"
#include "certs/identity.h"
#include "proto/config.pb-c.h"
#include "proto/mapping.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/yaml.h"
#include "tools/commands.h"
#include "tools/init_again.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/secrets.h"
#include "tools/service.h"

enum { ENDPOINTS_MAX = 16 };

/* Where things are: below --home, or where the system keeps such things. */
struct places {
	char etc[PATH_MAX], state[PATH_MAX], config[PATH_MAX], profile[PATH_MAX];
};

static enum fault join(char path[PATH_MAX], const char *directory, const char *name)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return len < PATH_MAX ? OK : fault_say(FAULT_USAGE, "--home: the path is too long");
}

static enum fault find_places(const struct tool *tool, struct places *places)
{
	TRY(tool->home ? join(places->etc, tool->home, "etc") : join(places->etc, "", "etc/comity"));
	TRY(tool->home ? join(places->state, tool->home, ".") : join(places->state, "", "var/lib/comity"));
	TRY(join(places->config, places->etc, "comityd.yaml"));
	return join(places->profile, places->etc, "profile.yaml");
}

static enum fault make_directory(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return OK;
	return file_fault(path);
}

static enum fault make_directories(const struct tool *tool, const struct places *places)
{
	if (tool->home)
		TRY(make_directory(tool->home));
	TRY(make_directory(places->etc));
	TRY(make_directory(places->state));
	return make_directory(tool->run_dir);	/* comityd makes the store and the place for attachments */
}

/* ── the configuration ────────────────────────────────────────────────────────────────────────── */

static size_t all_given(const struct tool *tool, const char *option, char *values[ENDPOINTS_MAX])
{
	size_t count = 0;
	for (const char *value; count < ENDPOINTS_MAX && (value = given_at(tool, option, count)); count++)
		values[count] = (char *)value;
	return count;
}

/* Listening follows from the endpoint: on every address of this machine, at its port. */
static size_t listen_of(struct tool *tool, char *const *endpoints, size_t count, char *listen[ENDPOINTS_MAX])
{
	size_t found = all_given(tool, "listen", listen);
	for (size_t i = 0; !found && i < count; i++) {
		char text[32];
		const char *port = strrchr(endpoints[i], ':');
		snprintf(text, sizeof text, "[::]%.8s", port ? port : ":7443");
		listen[0] = arena_text(&tool->arena, span_of_text(text));
		return listen[0] != NULL;
	}
	return found;
}

static enum fault create(const char *path, const char *comment, const ProtobufCMessage *message)
{
	struct bytes text = { 0 };
	enum fault fault = bytes_append_text(&text, comment);
	if (!fault)
		fault = yaml_write(message, &text);
	if (!fault)
		fault = file_create(path, FILE_PUBLIC, span_of(&text));
	bytes_clear(&text);
	return fault;
}

/* Where the daemon finds the secret that `secret` was made with: never the secret itself. */
static char *pin_setting(struct tool *tool, const struct secret_source *secret)
{
	char text[PATH_MAX + 16] = "";
	const char *credential = given(tool, "credential");
	if (credential)
		snprintf(text, sizeof text, "credential:%s", credential);
	else if (secret && secret->text)
		snprintf(text, sizeof text, "file:%s", secret->text);
	return *text ? arena_text(&tool->arena, span_of_text(text)) : NULL;
}

static enum fault write_config(struct tool *tool, const struct places *places, const struct secret_source *secret)
{
	char *endpoints[ENDPOINTS_MAX], *listen[ENDPOINTS_MAX];
	Comity__Config config = COMITY__CONFIG__INIT;
	Comity__LineSettings line = COMITY__LINE_SETTINGS__INIT;
	config.authority = lower(tool, given(tool, "authority"));
	config.name = (char *)given(tool, "name");
	config.endpoints = endpoints;
	config.n_endpoints = all_given(tool, "endpoint", endpoints);
	line.listen = listen;
	line.n_listen = listen_of(tool, endpoints, config.n_endpoints, listen);
	config.line = line.n_listen ? &line : NULL;
	Comity__KeysSettings keys = COMITY__KEYS_SETTINGS__INIT;
	keys.pin = pin_setting(tool, secret);
	config.keys = keys.pin ? &keys : NULL;
	return create(places->config, "# comityd: who we are and how we are reached.  All keys and what they mean: man comityd\n",
		&config.base);
}

static enum fault write_profile(struct tool *tool, const struct places *places)
{
	Comity__Profile profile = COMITY__PROFILE__INIT;
	profile.authority = lower(tool, given(tool, "authority"));
	return create(places->profile, "# What our card tells others about us: languages, contacts, requirements, guides.  All keys: proto/profile.proto\n",
		&profile.base);
}

/* ── how the keys are protected ───────────────────────────────────────────────────────────────── */

static const struct { const char *option; enum role role; } token_options[] = {
	{ "identity-key", ROLE_IDENTITY }, { "delegation-key", ROLE_DELEGATION },
	{ "signing-key", ROLE_SIGNING }, { "sealing-key", ROLE_SEALING },
};

/* `file` may be written as the word of every other kind of key is. */
static bool find_tokens(const struct tool *tool, struct identity_access *access)
{
	bool is_any = false;
	for (size_t i = 0; i < ARRAY_LEN(token_options); i++) {
		const char *uri = given(tool, token_options[i].option);
		access->tokens[token_options[i].role] = uri && strcmp(uri, "file") ? uri : NULL;
		is_any |= access->tokens[token_options[i].role] != NULL;
	}
	return is_any;
}

/* The secret is in the file that is named; else in the credential, when systemd has given it to us; else who sits at the
 * terminal is asked.  Without any word of it the keys lie in the clear. */
static enum fault find_secret(struct tool *tool, struct asked *asked, struct identity_access *access)
{
	bool is_in_token = find_tokens(tool, access);
	access->is_training = given(tool, "training") != NULL;
	const char *credential = given(tool, "credential");
	const char *option = given(tool, "pin-file") ? "pin-file" : "key-passphrase-file";
	*asked = (struct asked){ .prompt = is_in_token ? "PIN of the token" : "Passphrase for the keys", .is_new = !is_in_token };
	if (!credential && !given(tool, option) && !is_in_token)
		return OK;
	TRY(secret_of_option(tool, option, asked, &access->secret));
	if (!access->secret.text && credential && getenv("CREDENTIALS_DIRECTORY"))
		access->secret.text = pin_setting(tool, NULL);
	if (access->secret.text || access->secret.prompt)
		return OK;
	return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "where is the %s?", is_in_token ? "PIN of the token" : "passphrase"),
		"pass --%s", is_in_token ? "pin-file" : "key-passphrase-file");
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

static bool exists(const char *directory, const char *name)
{
	char path[PATH_MAX];
	return !join(path, directory, name) && !access(path, F_OK);
}

static enum fault check_names(struct tool *tool)
{
	const char *authority = lower(tool, given(tool, "authority"));
	if (!authority)
		return FAULT_NO_MEMORY;
	if (!authority_id_is_valid(span_of_text(authority)))
		return fault_say(FAULT_USAGE, "--authority: \"%.60s\" is not an authority's id such as XF-CA: a State, a dash, an office; "
			"3 to 32 letters, digits and dashes", given(tool, "authority"));
	if (!authority_name_is_valid(span_of_text(given(tool, "name"))))
		return fault_say(FAULT_USAGE, "--name: 1 to 200 bytes of text on one line are needed");
	return OK;
}

/* The identity may be there from a run that was cut short: then it must be the same authority's. */
static enum fault make_identity(struct tool *tool, const struct places *places, const struct identity_access *access,
	struct identity **identity)
{
	const char *authority = lower(tool, given(tool, "authority"));
	unsigned lists;
	if (!exists(places->state, "keys"))
		TRY(identity_create_protected(places->state, authority, given(tool, "name"), stamp_clock() / STAMP_SECOND, access));
	TRY(identity_open(places->state, &(struct identity_access){ 0 }, identity));
	bool is_training = certificate_is_training(identity_certificate(*identity, ROLE_IDENTITY));
	if (is_training != access->is_training)
		return fault_say(FAULT_TRAINING_MIXED, "%s holds an identity %s: that it is for good", places->state,
			is_training ? "for training" : "in earnest");
	if (strcmp(identity_authority(*identity), authority) != 0)
		return hinted(tool, fault_say(FAULT_EXISTS, "%s holds the keys of %s; they are not overwritten", places->state,
			identity_authority(*identity)), "another authority needs another --home");
	TRY(init_check_again(tool, places->config, *identity));
	return revocation_refresh(places->state, stamp_clock() / STAMP_SECOND, &access->secret, &lists);
}

static enum fault make_rest(struct tool *tool, const struct places *places, const struct secret_source *secret, bool *already)
{
	*already = exists(places->etc, "comityd.yaml") && exists(places->state, "store/vault.sealed");
	if (!exists(places->etc, "comityd.yaml"))
		TRY(write_config(tool, places, secret));
	if (!exists(places->etc, "profile.yaml"))
		TRY(write_profile(tool, places));
	return *already ? OK : service_run(tool, (const char *const[]){ "--create-store", NULL }, NULL);
}

static enum fault tell(struct tool *tool, const struct identity *identity, bool already)
{
	char digits[IDENTITY_DIGITS_SIZE];
	identity_digits(digits, identity_pin(identity));
	Comity__Initialised report = COMITY__INITIALISED__INIT;
	report.schema = "comity.init/1";
	report.authority = (char *)identity_authority(identity);
	report.name = (char *)identity_name(identity);
	report.digits = digits;
	report.has_already = 1;
	report.already = already;
	if (printed_document(tool, &report.base))
		return OK;
	if (already) {
		print(tool, "already initialised as %s\n", given(tool, "authority"));
		return OK;
	}
	print(tool, "%s is set up%s.  Its identity, to be read to others on the telephone:\n\n     %.23s\n     %s\n\n",
		given(tool, "authority"), given(tool, "training") ? " FOR TRAINING: it never meets an authority in earnest" : "", digits, digits + 24);
	next_step(tool, "comityd%s%s    (start the daemon)", tool->home ? " --home " : "", tool->home ? tool->home : "");
	next_step(tool, "comity card export -o %s.card    (the file to give to other authorities)", report.authority);
	next_step(tool, "back up %s/keys now: whoever loses the identity must telephone everybody again",
		tool->home ? tool->home : "/var/lib/comity");
	return OK;
}

enum fault cmd_init(struct tool *tool)
{
	struct places places;
	struct identity *identity = NULL;
	struct asked asked;
	struct identity_access access = { 0 };
	bool already = false;
	secrets_begin();
	TRY(check_names(tool));
	TRY(find_places(tool, &places));
	TRY(find_secret(tool, &asked, &access));
	TRY(make_directories(tool, &places));
	enum fault fault = make_identity(tool, &places, &access, &identity);
	if (!fault)
		fault = make_rest(tool, &places, &access.secret, &already);
	if (!fault)
		fault = tell(tool, identity, already);
	identity_free(identity);
	asked_clear(&asked);
	return fault;
}
