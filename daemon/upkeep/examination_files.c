/* What the files tell: settings, permissions, the disk; and, where no daemon runs to be asked, the store and the keys. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "certs/identity.h"
#include "daemon/config.h"
#include "daemon/ledger/store.h"
#include "daemon/upkeep/examination.h"
#include "proto/json.h"
#include "proto/stamp.h"
#include "proto/units.h"

enum { PATH_SIZE = PLACE_SIZE + 300 };

/* Read once, for all rows. */
struct files {
	const struct places *places;
	const Comity__Config *running;
	struct settings settings;
	bool is_right;				/* the settings are, and can be used */
};

/* ── the settings ─────────────────────────────────────────────────────────────────────────────── */

/* settings_read() tells its complaints to nobody in particular. */
static _Thread_local struct examination *listener;

static void on_mistake(const char *sentence)
{
	examination_find(listener, SEVERITY_FAIL, "mend that line; comityd --check-config tells whether it is right", "%s", sentence);
}

static void on_doubt(const char *sentence)
{
	examination_find(listener, SEVERITY_WARN, "look at that setting: comityd.yaml(5)", "%s", sentence);
}

/* One setting, or one section of them, apart from the others. */
static enum fault write_alone(const Comity__Config *config, const ProtobufCFieldDescriptor *field, struct bytes *text)
{
	Comity__Config alone = COMITY__CONFIG__INIT;
	memcpy((char *)&alone + field->offset, (const char *)config + field->offset, sizeof (void *));
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		memcpy((char *)&alone + field->quantifier_offset, (const char *)config + field->quantifier_offset, sizeof (size_t));
	return json_write(&alone.base, JSON_COMPACT_STYLE, text);
}

static bool differs(const Comity__Config *one, const Comity__Config *other, const ProtobufCFieldDescriptor *field)
{
	struct bytes texts[2] = { { 0 }, { 0 } };
	bool is_known = !write_alone(one, field, &texts[0]) && !write_alone(other, field, &texts[1]);
	bool is_other = is_known && !span_equal(span_of(&texts[0]), span_of(&texts[1]));
	bytes_clear(&texts[0]);
	bytes_clear(&texts[1]);
	return is_other;
}

static void compare_with_running(struct examination *examination, const struct files *files)
{
	const ProtobufCMessageDescriptor *config = &comity__config__descriptor;
	for (unsigned i = 0; i < config->n_fields; i++)
		if (differs(files->settings.config, files->running, &config->fields[i]))
			examination_find(examination, SEVERITY_WARN, "systemctl restart comityd: it reads its settings when it starts",
				"%s: \"%s\" is not what the daemon runs with", files->places->config, config->fields[i].name);
}

static void check_config(struct examination *examination, const void *subject)
{
	struct files *files = (struct files *)subject;
	listener = examination;
	files->is_right = !settings_read(&files->settings, files->places, on_mistake);
	if (!files->is_right)
		return;
	settings_doubt(&files->settings, files->places, on_doubt);
	if (files->running)
		compare_with_running(examination, files);
}

/* ── who may read and write what ──────────────────────────────────────────────────────────────── */

static void judge_mode(struct examination *examination, const char *path, mode_t forbidden)
{
	struct stat stat;
	char remedy[PATH_SIZE + 32];
	if (lstat(path, &stat) || !(stat.st_mode & forbidden))
		return;
	snprintf(remedy, sizeof remedy, "chmod %s %s", forbidden & S_IRGRP ? "go-rwx" : forbidden & S_IWGRP ? "go-w" : "o-rwx", path);
	examination_find(examination, SEVERITY_FAIL, remedy, "%s can be %s by others (mode %04o)", path,
		forbidden & S_IRGRP ? "read or written" : forbidden & S_IWGRP ? "written" : "used", (unsigned)stat.st_mode & 07777);
}

/* The user who has the home has all in it. */
static void judge_owner(struct examination *examination, const char *path, uid_t owner)
{
	struct stat stat;
	char remedy[PATH_SIZE + 32];
	if (lstat(path, &stat) || stat.st_uid == owner)
		return;
	snprintf(remedy, sizeof remedy, "chown %u %s", (unsigned)owner, path);
	examination_find(examination, SEVERITY_FAIL, remedy, "%s belongs to uid %u, and the home to uid %u", path, (unsigned)stat.st_uid,
		(unsigned)owner);
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);
	return length > tail && !strcmp(name + length - tail, end);
}

/* All files of a directory with names of that end. */
static void judge_files(struct examination *examination, const char *directory, const char *end, mode_t forbidden, uid_t owner)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *list = opendir(directory);
	while (list && (entry = readdir(list))) {
		if (!ends_with(entry->d_name, end))
			continue;
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		judge_mode(examination, path, forbidden);
		judge_owner(examination, path, owner);
	}
	if (list)
		closedir(list);
}

static void check_permissions(struct examination *examination, const void *subject)
{
	enum { WRITE = S_IWGRP | S_IWOTH, ALL = S_IRWXG | S_IRWXO };
	const struct files *files = subject;
	const struct places *places = files->places;
	char keys[PLACE_SIZE + 8];
	snprintf(keys, sizeof keys, "%s/keys", places->state);
	const struct { const char *path, *files; mode_t forbidden, of_files; } rows[] = {
		{ places->state, NULL, WRITE, 0 }, { keys, ".key", WRITE, ALL }, { places->store, ".sealed", ALL, ALL },
		{ places->store, ".mdb", ALL, ALL }, { places->blobs, NULL, ALL, 0 }, { places->etc, ".yaml", WRITE, WRITE },
		{ places->run, ".sock", S_IWOTH, S_IRWXO },
	};
	struct stat home;
	if (stat(places->state, &home)) {
		examination_find(examination, SEVERITY_FAIL, "comity init", "%s cannot be looked into: %m", places->state);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_settings = rows[i].path == places->etc;
		struct stat own;
		uid_t owner = is_settings && !stat(places->etc, &own) ? own.st_uid : home.st_uid;	/* root may keep the settings */
		if (access(rows[i].path, F_OK))
			continue;	/* whoever needs it says so */
		judge_mode(examination, rows[i].path, rows[i].forbidden);
		judge_owner(examination, rows[i].path, owner);
		if (rows[i].files)
			judge_files(examination, rows[i].path, rows[i].files, rows[i].of_files, owner);
	}
}

/* ── the disk ─────────────────────────────────────────────────────────────────────────────────── */

/* Where fsync() promises less than a disk of our own does. */
static const struct { uint32_t magic; enum severity severity; const char *what; } weak_mounts[] = {
	{ TMPFS_MAGIC,       SEVERITY_FAIL, "it lies in memory, and is gone with the next start of the machine" },
	{ RAMFS_MAGIC,       SEVERITY_FAIL, "it lies in memory, and is gone with the next start of the machine" },
	{ OVERLAYFS_SUPER_MAGIC, SEVERITY_WARN, "it is the layer of a container, and is gone with it; mount a volume" },
	{ NFS_SUPER_MAGIC,   SEVERITY_WARN, "it is on another machine: the store needs locks and syncs that a network does not promise" },
	{ SMB2_SUPER_MAGIC,  SEVERITY_WARN, "it is on another machine: the store needs locks and syncs that a network does not promise" },
	{ FUSE_SUPER_MAGIC,  SEVERITY_WARN, "a program stands between it and the disk: what is synced may not be there" },
};

static void judge_mount(struct examination *examination, const char *path)
{
	struct statfs mount;
	if (statfs(path, &mount))
		return;
	for (size_t i = 0; i < ARRAY_LEN(weak_mounts); i++)
		if ((uint32_t)mount.f_type == weak_mounts[i].magic)
			examination_find(examination, weak_mounts[i].severity, "move it to a disk of this machine", "%s: %s", path, weak_mounts[i].what);
}

static void judge_room(struct examination *examination, const char *path, const char *setting, uint64_t keep_free)
{
	struct statvfs disk;
	char free[UNITS_SIZE], least[UNITS_SIZE];
	if (statvfs(path, &disk)) {
		examination_find(examination, SEVERITY_FAIL, "comity init, or mount the disk", "%s cannot be looked at: %m", path);
		return;
	}
	uint64_t bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	size_write(free, bytes);
	size_write(least, keep_free);
	if (disk.f_flag & ST_RDONLY || access(path, W_OK | X_OK))
		examination_find(examination, SEVERITY_FAIL, "mount it for writing, or give it to the user of comityd", "%s cannot be written", path);
	if (bytes < 2 * keep_free)
		examination_find(examination, bytes < keep_free ? SEVERITY_FAIL : SEVERITY_WARN,
			"make room on the disk, or lower that setting", "%s: %s are free, and %s is %s", path, free, setting, least);
	if (disk.f_files && !disk.f_favail)
		examination_find(examination, SEVERITY_FAIL, "remove files", "%s: no further file can be made", path);
}

static void check_disk(struct examination *examination, const void *subject)
{
	const struct files *files = subject;
	const Comity__StoreSettings store = COMITY__STORE_SETTINGS__INIT;
	const Comity__LimitSettings limits = COMITY__LIMIT_SETTINGS__INIT;
	const char *of_store = files->is_right ? files->settings.store->keep_free : store.keep_free;
	const char *of_blobs = files->is_right ? files->settings.limits->keep_free : limits.keep_free;
	judge_mount(examination, files->places->state);
	judge_room(examination, files->places->store, "store.keep_free", setting_bytes(of_store));
	judge_room(examination, files->places->blobs, "limits.keep_free", setting_bytes(of_blobs));
}

/* ── without a daemon ─────────────────────────────────────────────────────────────────────────── */

static void check_daemon(struct examination *examination, const void *subject)
{
	const struct files *files = subject;
	if (store_is_held(files->places->store))
		examination_find(examination, SEVERITY_FAIL, "look at its log: journalctl -u comityd", "a process has the store, and no daemon answers");
	else
		examination_find(examination, SEVERITY_FAIL, "systemctl start comityd, or: comityd --home DIR", "no daemon runs");
}

static void check_store(struct examination *examination, const void *subject)
{
	const struct files *files = subject;
	struct store *view = NULL;
	char path[PLACE_SIZE + 16];
	snprintf(path, sizeof path, "%s/vault.sealed", files->places->store);
	if (access(path, F_OK))
		examination_find(examination, SEVERITY_FAIL, "comity backup restore PATH --confirm=AUTHORITY", "there is no %s: nothing of the "
			"store can be opened", path);
	if (store_is_held(files->places->store))
		return;		/* what is being written is not for others to look at */
	snprintf(path, sizeof path, "%s/data.mdb", files->places->store);
	enum fault fault = store_view(path, &view);
	if (fault)
		examination_find(examination, SEVERITY_FAIL, fault_hint(fault), "%s", fault_detail(fault));
	store_close(view);
}

static void judge_end(struct examination *examination, const struct identity *identity, enum role role)
{
	char ends[STAMP_SIZE];
	int64_t end = identity_not_after(identity, role);
	stamp_write(ends, end * STAMP_SECOND);
	if (end <= stamp_clock() / STAMP_SECOND)
		examination_find(examination, SEVERITY_FAIL, "start the daemon: it renews what it can; comity cert status", "our %s certificate "
			"ended at %s", role_name(role), ends);
}

static void judge_key(struct examination *examination, const struct files *files, const struct identity *identity, enum role role)
{
	enum fault fault = identity_prove_key(files->places->state, identity, role, NULL);
	if (fault)
		examination_find(examination, SEVERITY_FAIL, "put the key that belongs to that certificate back into its place, from the backup of "
			"the keys", "%s", fault_detail(fault));
}

static void check_keys(struct examination *examination, const void *subject)
{
	static const enum role leaves[] = { ROLE_CHANNEL, ROLE_SIGNING, ROLE_SEALING };
	const struct files *files = subject;
	const struct identity_access access_to_none = { 0 };
	struct identity *identity = NULL;
	char path[PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
		snprintf(path, sizeof path, "%s/keys/%s.key", files->places->state, role_name(leaves[i]));
		if (access(path, R_OK))
			examination_find(examination, SEVERITY_FAIL, fault_hint(FAULT_BAD_KEY), "%s cannot be read: %m", path);
	}
	enum fault fault = identity_open(files->places->state, &access_to_none, &identity);
	if (fault) {
		examination_find(examination, SEVERITY_FAIL, fault_hint(fault), "%s", fault_detail(fault));
		return;
	}
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		judge_end(examination, identity, role);
		judge_key(examination, files, identity, role);
	}
	const char *authority = files->is_right ? files->settings.config->authority : NULL;
	if (authority && strcasecmp(authority, identity_authority(identity)))
		examination_find(examination, SEVERITY_FAIL, "mend \"authority\" in the configuration", "the keys are those of %s, and the "
			"configuration is of %s", identity_authority(identity), authority);
	identity_free(identity);
}

static const struct { const char *name; examination_check *check; bool is_told_by_daemon; } rows[] = {
	{ "config",      check_config,      false },	/* first: it reads what the others go by */
	{ "permissions", check_permissions, false },
	{ "disk",        check_disk,        false },
	{ "daemon",      check_daemon,      true },
	{ "store",       check_store,       true },
	{ "keys",        check_keys,        true },
};

void examination_look_at_files(struct examination *examination, const struct examined_files *subject)
{
	struct files files = { .places = subject->places, .running = subject->running };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!rows[i].is_told_by_daemon || !subject->running)
			examination_run(examination, rows[i].name, rows[i].check, &files);
	settings_clear(&files.settings);
}
