#pragma once
/* What the two files that read evidence share.  Nobody else includes this. */
#include "tools/evidence_dossier.h"

struct digest;
struct shelf;

enum { DOSSIER_NAME_SIZE = 256 };

/* One entry while it passes by. */
struct reading {
	struct dossier *dossier;
	const struct shelf *shelf;	/* where it belongs */
	char name[DOSSIER_NAME_SIZE];
	struct dossier_part *part;	/* made of it, when it ends */
	struct bytes content;		/* if it is of a kind that is kept */
	struct digest *digest;
	struct arena scratch;		/* messages are unpacked here */
};

struct shelf {
	const char *front;
	size_t size_max;		/* what is kept of an entry */
	enum listing listing;
	enum fault (*take)(struct reading *reading, const char *rest);	/* NULL: it is for reading only, nothing of it is kept */
};

/* There is one for every name. */
const struct shelf *shelf_of(const char *name);
/* Is nothing kept of it but its digest? */
bool shelf_passes_by(const struct reading *reading);

enum fault odd(const struct reading *reading, const char *why);	/* bad evidence, and in which entry */
const char *keep_text(struct reading *reading, const char *text);
