#include "tools/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/files.h"

/* ── to whom ──────────────────────────────────────────────────────────────────────────────────── */

static bool take(uint8_t room[4096], struct span *certificate, ProtobufCBinaryData from)
{
	if (!from.len || from.len > 4096)
		return false;
	memcpy(room, from.data, from.len);
	*certificate = (struct span){ room, from.len };
	return true;
}

enum fault sealing_begin(struct tool *tool, const char *ref, struct sealing *sealing)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)ref;
	Comity__Call call = CALL(SEAL_TO, seal_to, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SEAL_TO, &reply));
	const Comity__SealTo *to = reply->seal_to;
	sealing->is_demanded = to->required;
	sealing->is_wanted = sealing->is_wanted || to->required || given(tool, "seal");
	sealing->authority = arena_text(&tool->arena, span_of_text(to->authority ? to->authority : ""));
	sealing->request_id = arena_text(&tool->arena, span_of_text(to->request_id ? to->request_id : ""));
	if (!sealing->authority || !sealing->request_id)
		return FAULT_NO_MEMORY;
	if (!sealing->is_wanted || (take(sealing->theirs, &sealing->to[0], to->theirs) && take(sealing->ours, &sealing->to[1], to->ours)))
		return OK;
	return fault_say(FAULT_SEALING_REQUIRED, "nothing can be sealed to %s: %s", to->peer ? to->peer : ref,
		to->reason_text ? to->reason_text : "there is no sealing certificate");
}

/* ── the slip ─────────────────────────────────────────────────────────────────────────────────── */

static bool lay(struct arena *arena, ProtobufCBinaryData *to, struct span from)
{
	to->data = arena_alloc(arena, from.len);
	to->len = to->data ? from.len : 0;
	if (to->data)
		memcpy(to->data, from.at, from.len);
	return to->data;
}

static enum fault write_slip(struct arena *arena, const struct sealing *sealing, const struct parcel_slip *parcel, Comity__Sealing **slip)
{
	Comity__Sealing *made = arena_alloc(arena, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	comity__sealing__init(made);
	made->has_format = made->has_envelope = made->has_commitment = 1;
	made->format = PARCEL_FORMAT;
	*slip = made;
	if (sealing->name_count) {
		made->format = PARCEL_FORMAT_NAMED;
		made->n_recipients = sealing->name_count;
		made->recipients = (char **)sealing->names;
	}
	return lay(arena, &made->envelope, span_of(&parcel->envelope)) && lay(arena, &made->commitment, SPAN(parcel->commitment))
		? OK : FAULT_NO_MEMORY;
}

enum fault sealing_slip(struct tool *tool, const struct sealing *sealing, Comity__Sealing **slip, struct seal **seal)
{
	struct parcel_slip parcel = { 0 };
	uint8_t digest[DIGEST_SIZE];
	struct span bound;
	*seal = NULL;
	const struct parcel_address address = { sealing->authority, sealing->request_id, sealing->names, sealing->name_count };
	TRY(parcel_bind(&address, digest, &bound));
	enum fault fault = parcel_begin(sealing->to, ARRAY_LEN(sealing->to), bound, &parcel, seal);
	if (!fault)
		fault = write_slip(&tool->arena, sealing, &parcel, slip);
	parcel_slip_clear(&parcel);
	return fault;
}

/* ── files ────────────────────────────────────────────────────────────────────────────────────── */

/* As many bytes as there are, up to `size`. */
static enum fault read_full(int fd, uint8_t *room, size_t size, size_t *got)
{
	for (*got = 0; *got < size;) {
		ssize_t count = read(fd, room + *got, size - *got);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fault_say(FAULT_IO, "reading: %s", strerror(errno));
		if (!count)
			return OK;
		*got += (size_t)count;
	}
	return OK;
}

static enum fault write_full(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t count = write(fd, bytes.at, bytes.len);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return fault_say(errno == ENOSPC ? FAULT_DISK_FULL : FAULT_IO, "writing: %s", strerror(errno));
		bytes.at += count;
		bytes.len -= (size_t)count;
	}
	return OK;
}

/* One chunk is looked ahead, to know the last one. */
struct chunks {
	int fd;
	size_t size;
	uint8_t room[2][SEAL_CHUNK_SEALED];
	size_t len[2];
	uint64_t index;
};

static enum fault next_chunk(struct chunks *chunks, struct span *chunk, bool *is_last)
{
	unsigned now = chunks->index & 1;
	if (!chunks->index)
		TRY(read_full(chunks->fd, chunks->room[now], chunks->size, &chunks->len[now]));
	TRY(read_full(chunks->fd, chunks->room[!now], chunks->size, &chunks->len[!now]));
	*chunk = (struct span){ chunks->room[now], chunks->len[now] };
	*is_last = !chunks->len[!now];
	chunks->index++;
	return OK;
}

static enum fault seal_chunks(struct seal *seal, struct chunks *chunks, int to)
{
	static uint8_t sealed[SEAL_CHUNK_SEALED];
	struct span plain;
	for (bool is_last = false; !is_last;) {
		TRY(next_chunk(chunks, &plain, &is_last));
		TRY(seal_chunk_close(seal, chunks->index - 1, is_last, plain, sealed));
		TRY(write_full(to, (struct span){ sealed, plain.len + SEAL_OVERHEAD }));
	}
	return OK;
}

enum fault sealing_file(struct tool *tool, const struct sealing *sealing, int from, int to, Comity__Sealing **slip)
{
	static struct chunks chunks;
	struct seal *seal;
	chunks = (struct chunks){ .fd = from, .size = SEAL_CHUNK };
	enum fault fault = sealing_slip(tool, sealing, slip, &seal);
	if (!fault)
		fault = seal_chunks(seal, &chunks, to);
	seal_wipe(&chunks, sizeof chunks);
	seal_free(seal);
	return fault;
}

/* Nothing is written that was not verified. */
static enum fault open_chunks(struct seal *seal, int from, int to, uint8_t plain[SEAL_CHUNK], uint64_t *size, struct digest *digest)
{
	static struct chunks chunks;
	struct span sealed;
	chunks = (struct chunks){ .fd = from, .size = SEAL_CHUNK_SEALED };
	*size = 0;
	for (bool is_last = false; !is_last;) {
		TRY(next_chunk(&chunks, &sealed, &is_last));
		if (sealed.len < SEAL_OVERHEAD || !seal_chunk_open(seal, chunks.index - 1, is_last, sealed, plain))
			return fault_say(FAULT_SEAL_BROKEN, "chunk %llu is not what was sealed there", (unsigned long long)chunks.index - 1);
		struct span opened = { plain, sealed.len - SEAL_OVERHEAD };
		digest_update(digest, opened);
		TRY(write_full(to, opened));
		*size += opened.len;
	}
	return OK;
}

static enum fault open_into(struct seal *seal, const char *sealed, int to, uint64_t *size, uint8_t sha256[DIGEST_SIZE])
{
	static uint8_t plain[SEAL_CHUNK];
	struct digest *digest = digest_new();
	int from = open(sealed, O_RDONLY | O_CLOEXEC);
	enum fault fault = from < 0 ? file_fault(sealed) : digest ? open_chunks(seal, from, to, plain, size, digest) : FAULT_NO_MEMORY;
	seal_wipe(plain, sizeof plain);
	if (digest)
		digest_finish(digest, sha256);
	digest_free(digest);
	if (from >= 0)
		close(from);
	return fault;
}

/* The name comes with the last verified byte, and never replaces. */
static enum fault give_name(const char *part, const char *path, int fd)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (fsync(fd))
		return fault_say(FAULT_IO, "%s: %s", part, strerror(errno));
	if (link(part, path))
		return errno == EEXIST ? fault_say(FAULT_EXISTS, "%s exists already", path) : fault_say(FAULT_IO, "%s: %s", path, strerror(errno));
	unlink(part);
	snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return directory_sync(directory);
}

enum fault sealing_open_file(struct seal *seal, const char *sealed, const char *path, uint64_t *size, uint8_t sha256[DIGEST_SIZE])
{
	char part[PATH_MAX];
	if (snprintf(part, sizeof part, "%s.open", path) >= (int)sizeof part)
		return fault_say(FAULT_USAGE, "the path is too long");
	unlink(part);
	int to = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return file_fault(part);
	enum fault fault = open_into(seal, sealed, to, size, sha256);
	if (!fault)
		fault = give_name(part, path, to);
	close(to);
	if (fault)
		unlink(part);
	return fault;
}

/* ── the key ──────────────────────────────────────────────────────────────────────────────────── */

enum fault sealing_unlock(struct tool *tool, const Comity__Unseal *what, const Comity__Sealing *slip, struct seal **seal)
{
	const Comity__Reply *reply;
	*seal = NULL;
	if (slip->format != (slip->n_recipients ? PARCEL_FORMAT_NAMED : PARCEL_FORMAT))
		return fault_say(FAULT_BAD_ENVELOPE, "it is sealed in format %u, which is not known here", slip->format);
	Comity__Call call = CALL(UNSEAL, unseal, (Comity__Unseal *)what);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_UNSEALED, &reply));
	ProtobufCBinaryData key = reply->unsealed->key;
	if (key.len != CONTENT_KEY_SIZE)
		return fault_say(FAULT_BAD_FRAME, "comityd sent a key of %zu bytes", key.len);
	enum fault fault = parcel_again(key.data, (struct span){ slip->commitment.data, slip->commitment.len }, seal);
	seal_wipe(key.data, key.len);
	client_wipe(tool->client);	/* and whatever else the answer went through */
	return fault;
}
