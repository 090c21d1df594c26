#include "tools/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "proto/check.h"
#include "proto/text.h"
#include "tools/acts.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/sealing.h"

enum { CHUNK = 256 << 10 };

/* ── both ways ────────────────────────────────────────────────────────────────────────────────── */

static enum fault read_at(int fd, const char *path, uint64_t offset, uint8_t *room, size_t size, size_t *got)
{
	ssize_t count;
	do
		count = pread(fd, room, size, (off_t)offset);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return fault_say(FAULT_IO, "%s: %s", path, strerror(errno));
	*got = (size_t)count;
	return OK;
}

/* The first `size` bytes of the file into the digest. */
static enum fault digest_file(struct digest *digest, int fd, const char *path, uint64_t size)
{
	static uint8_t chunk[CHUNK];
	for (uint64_t offset = 0; offset < size;) {
		size_t got, want = size - offset < CHUNK ? (size_t)(size - offset) : CHUNK;
		TRY(read_at(fd, path, offset, chunk, want, &got));
		if (!got)
			return fault_say(FAULT_NO_INPUT, "%s became shorter while it was read", path);
		digest_update(digest, (struct span){ chunk, got });
		offset += got;
	}
	return OK;
}

/* ── in ───────────────────────────────────────────────────────────────────────────────────────── */

struct source {
	const char *path;
	int fd;
	uint64_t size;
	struct progress progress;
};

static enum fault read_source(void *owner, uint64_t offset, uint8_t *room, size_t size, size_t *got)
{
	struct source *source = owner;
	TRY(read_at(source->fd, source->path, offset, room, size, got));
	if (!*got)
		return fault_say(FAULT_NO_INPUT, "%s became shorter while it was sent", source->path);
	progress_show(&source->progress, offset + *got);
	return OK;
}

/* O_NONBLOCK: a pipe is to be refused, not waited for. */
static enum fault open_source(struct source *source, const char *path)
{
	struct stat file;
	*source = (struct source){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	if (source->fd < 0 || fstat(source->fd, &file))
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return fault_say(FAULT_NO_INPUT, "%s is not a regular file", path);
	source->size = (uint64_t)file.st_size;
	return OK;
}

/* What the daemon gets instead.  A file without a name, of sealed bytes only: sealing it anew would give other bytes, so that a
 * broken upload could not be gone on with. */
static int open_nameless(void)
{
	const char *directory = getenv("TMPDIR");
	return open(directory && *directory ? directory : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* Those of --for; or of the draft's protected block, if that is what it is about. */
static enum fault find_names(struct tool *tool, const char *ref, const Comity__Attachment *attachment, struct sealing *sealing)
{
	const Comity__RequestView *view;
	size_t count = 0;
	while (given_at(tool, "for", count))
		count++;
	char **names = arena_alloc(&tool->arena, (count + 1) * sizeof *names);
	if (!names)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		names[i] = (char *)given_at(tool, "for", i);
	sealing->names = names;
	sealing->name_count = count;
	if (count || attachment->role != COMITY__ATTACHMENT_ROLE__VALUE__PROTECTED_ANNEX)
		return OK;
	TRY(get_request(tool, ref, &view));
	const Comity__ProtectedBlock *block = view->document ? view->document->protected_block : NULL;
	bool is_draft = view->request->status == COMITY__REQUEST_STATUS__VALUE__DRAFT;
	sealing->names = block && is_draft ? block->access : NULL;
	sealing->name_count = block && is_draft ? block->n_access : 0;
	return sealing->name_count ? OK : hinted(tool, fault_say(FAULT_USAGE, "a protected annex is sealed for those who may open it: name them, or "
		"in protected_block.access of the draft"), "comity attach add %s FILE --role protected-annex --for \"hearing judge\"", ref);
}

static enum fault check_names(const struct sealing *sealing)
{
	for (size_t i = 0; i < sealing->name_count; i++) {
		size_t len = strlen(sealing->names[i]);
		if (!len || len > RECIPIENT_SIZE_MAX || !text_is_clean(span_of_text(sealing->names[i])) || strpbrk(sealing->names[i], "\n\t"))
			return fault_say(FAULT_USAGE, "\"%.40s\": who may open it is named in 1 to %d bytes, on one line", sealing->names[i],
				RECIPIENT_SIZE_MAX);
	}
	return sealing->name_count <= RECIPIENTS_MAX ? OK : fault_say(FAULT_USAGE, "at most %d can be named", RECIPIENTS_MAX);
}

static enum fault begin_sealing(struct tool *tool, const char *ref, const Comity__Attachment *attachment, struct sealing *sealing)
{
	TRY(find_names(tool, ref, attachment, sealing));
	TRY(check_names(sealing));
	sealing->is_wanted = sealing->name_count > 0;
	return sealing_begin(tool, ref, sealing);
}

static enum fault seal_source(struct tool *tool, const char *ref, struct source *source, Comity__Attachment *attachment)
{
	struct sealing sealing = { 0 };
	struct stat file;
	TRY(begin_sealing(tool, ref, attachment, &sealing));
	if (!sealing.is_wanted)
		return OK;
	int sealed = open_nameless();
	if (sealed < 0)
		return fault_say(FAULT_IO, "there is no room for what is sealed (TMPDIR, or /var/tmp): %s", strerror(errno));
	enum fault fault = sealing_file(tool, &sealing, source->fd, sealed, &attachment->sealed);
	if (!fault && fstat(sealed, &file))
		fault = FAULT_IO;
	close(source->fd);
	source->fd = sealed;
	source->size = fault ? 0 : (uint64_t)file.st_size;
	return fault;
}

static const char *media_type(const char *name)
{
	static const struct { const char *ending, *type; } types[] = {
		{ ".pdf", "application/pdf" }, { ".txt", "text/plain" }, { ".csv", "text/csv" }, { ".xml", "application/xml" },
		{ ".json", "application/json" }, { ".html", "text/html" }, { ".zip", "application/zip" }, { ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" }, { ".png", "image/png" }, { ".tif", "image/tiff" }, { ".tiff", "image/tiff" },
		{ ".mp4", "video/mp4" }, { ".mp3", "audio/mpeg" }, { ".wav", "audio/wav" }, { ".eml", "message/rfc822" },
		{ ".doc", "application/msword" }, { ".xls", "application/vnd.ms-excel" },
		{ ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
		{ ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < ARRAY_LEN(types); i++)
		if (!strcasecmp(dot, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

/* A file's own name may say whom it protects. */
static char *plain_name(struct tool *tool, const char *name)
{
	char plain[64];
	const char *dot = strrchr(name, '.');
	snprintf(plain, sizeof plain, "protected%.16s", dot && strlen(dot) <= 8 ? dot : "");
	return arena_text(&tool->arena, span_of_text(plain));
}

/* The digest is told beforehand: then a broken upload is gone on with, and nothing can change on the way. */
static enum fault describe(struct tool *tool, const struct source *source, Comity__Attachment *attachment)
{
	uint8_t sum[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE + 1];
	const char *slash = strrchr(source->path, '/'), *name = slash ? slash + 1 : source->path;
	if (!name_is_safe(span_of_text(name)))
		return fault_say(FAULT_BAD_NAME, "%s: others could not save a file of that name", safe(tool, source->path));
	struct digest *digest = digest_new();
	if (!digest)
		return FAULT_NO_MEMORY;
	enum fault fault = digest_file(digest, source->fd, source->path, source->size);
	digest_finish(digest, sum);
	digest_free(digest);
	TRY(fault);
	hex_write(hex, SPAN(sum));
	attachment->name = attachment->sealed && attachment->sealed->n_recipients ? plain_name(tool, name) : (char *)name;
	if (!attachment->name)
		return FAULT_NO_MEMORY;
	attachment->media_type = (char *)media_type(name);
	attachment->has_size = 1;
	attachment->size = source->size;
	attachment->sha256 = arena_text(&tool->arena, span_of_text(hex));
	return attachment->sha256 ? OK : FAULT_NO_MEMORY;
}

static enum fault send_source(struct tool *tool, const char *ref, struct source *source, Comity__Attachment *attachment,
	const Comity__Reply **reply)
{
	struct client *client;
	struct client_stream stream = { .read = read_source, .owner = source };
	Comity__AttachAdd add = COMITY__ATTACH_ADD__INIT;
	add.ref = (char *)ref;
	add.attachment = attachment;
	add.has_size = 1;
	add.size = source->size;
	Comity__Call call = SUBMIT(tool, ATTACH_ADD, attach_add, &add);
	TRY(reach(tool, &client));
	progress_begin(&source->progress, tool, attachment->name, 0, source->size);
	enum fault fault = client_upload(client, &call, source->size, &stream, reply);
	progress_end(&source->progress);
	TRY(fault);
	return expect(*reply, COMITY__REPLY__KIND_ATTACHMENT);
}

enum fault upload(struct tool *tool, const char *ref, const char *path, Comity__Attachment *attachment,
	const Comity__AttachmentState **state)
{
	struct source source;
	const Comity__Reply *reply;
	ProtobufCMessage *copy;
	enum fault fault = open_source(&source, path);
	if (!fault)
		fault = seal_source(tool, ref, &source, attachment);
	if (!fault)
		fault = describe(tool, &source, attachment);
	if (!fault)
		fault = send_source(tool, ref, &source, attachment, &reply);
	if (source.fd >= 0)
		close(source.fd);
	TRY(fault);
	if (!reply->attachment->attachment || !reply->attachment->attachment->attachment)
		return fault_say(FAULT_BAD_FRAME, "comityd did not say what became of the file");
	TRY(keep_message(tool, &reply->attachment->attachment->base, &copy));
	*state = (const Comity__AttachmentState *)copy;
	return OK;
}

/* ── out ──────────────────────────────────────────────────────────────────────────────────────── */

struct sink {
	const char *path;		/* with .part */
	int fd;
	uint64_t size, total;		/* of what is there, of the whole */
	struct digest *digest;
	struct progress progress;
};

static enum fault write_sink(void *owner, uint64_t offset, struct span data)
{
	struct sink *sink = owner;
	if (offset != sink->size || data.len > sink->total - sink->size)
		return fault_say(FAULT_BAD_FRAME, "comityd sent bytes of another place");
	digest_update(sink->digest, data);
	while (data.len) {
		ssize_t written = write(sink->fd, data.at, data.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return fault_say(errno == ENOSPC ? FAULT_DISK_FULL : FAULT_IO, "%s: %s", sink->path, strerror(errno));
		data.at += written;
		data.len -= (size_t)written;
		sink->size += (uint64_t)written;
	}
	progress_show(&sink->progress, sink->size);
	return OK;
}

/* What an earlier run left is a beginning, if it is not longer than the whole. */
static enum fault open_sink(struct sink *sink)
{
	struct stat file;
	sink->digest = digest_new();
	if (!sink->digest)
		return FAULT_NO_MEMORY;
	sink->fd = open(sink->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (sink->fd < 0 || fstat(sink->fd, &file))
		return file_fault(sink->path);
	sink->size = (uint64_t)file.st_size <= sink->total ? (uint64_t)file.st_size : 0;
	if (ftruncate(sink->fd, (off_t)sink->size) || lseek(sink->fd, (off_t)sink->size, SEEK_SET) < 0)
		return fault_say(FAULT_IO, "%s: %s", sink->path, strerror(errno));
	return digest_file(sink->digest, sink->fd, sink->path, sink->size);
}

static enum fault fetch(struct tool *tool, const char *ref, const Comity__AttachmentState *state, struct sink *sink)
{
	struct client *client;
	const Comity__Reply *reply;
	struct client_stream stream = { .write = write_sink, .owner = sink };
	Comity__AttachGet get = COMITY__ATTACH_GET__INIT;
	char number[16];
	snprintf(number, sizeof number, "%u", state->number);
	get.ref = (char *)ref;
	get.attachment = number;
	get.has_offset = 1;
	get.offset = sink->size;
	Comity__Call call = CALL(ATTACH_GET, attach_get, &get);
	TRY(reach(tool, &client));
	progress_begin(&sink->progress, tool, safe(tool, state->attachment->name), sink->size, state->attachment->size);
	enum fault fault = client_download(client, &call, &stream, &reply);
	progress_end(&sink->progress);
	TRY(fault);
	return expect(reply, COMITY__REPLY__KIND_ATTACHMENT);
}

static enum fault check_sink(struct sink *sink, const char *sha256)
{
	uint8_t sum[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE + 1];
	digest_finish(sink->digest, sum);
	hex_write(hex, SPAN(sum));
	if (sha256 && !strcmp(hex, sha256))
		return OK;
	unlink(sink->path);
	return fault_say(FAULT_DIGEST_MISMATCH, "%s: the bytes do not have the digest that was signed; the file was removed",
		sink->path);
}

/* Never replaces: a rename that refuses to, or, where the file system knows none, a second name. */
static int give_name(const char *part, const char *path)
{
	if (!renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	if ((errno != EINVAL && errno != ENOSYS) || link(part, path))
		return -1;
	return unlink(part);
}

static enum fault settle_sink(struct sink *sink, const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (fsync(sink->fd))
		return fault_say(FAULT_IO, "%s: %s", sink->path, strerror(errno));
	if (give_name(sink->path, path))
		return errno == EEXIST ? fault_say(FAULT_EXISTS, "%s exists already", path)
			: fault_say(FAULT_IO, "%s: %s", path, strerror(errno));
	snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return directory_sync(directory);
}

enum fault download(struct tool *tool, const char *ref, const Comity__AttachmentState *state, const char *path)
{
	char part[PATH_MAX];
	struct sink sink = { .path = part, .fd = -1, .total = state->attachment->size };
	if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
		return fault_say(FAULT_USAGE, "the path is too long");
	if (!access(path, F_OK))
		return fault_say(FAULT_EXISTS, "%s exists already", path);
	enum fault fault = open_sink(&sink);
	if (!fault)
		fault = fetch(tool, ref, state, &sink);
	if (!fault)
		fault = check_sink(&sink, state->attachment->sha256);
	if (!fault)
		fault = settle_sink(&sink, path);
	if (fault && sink.fd >= 0 && !sink.size)
		unlink(part);		/* nothing came: nothing to go on with */
	if (sink.fd >= 0)
		close(sink.fd);
	digest_free(sink.digest);
	return fault;
}
