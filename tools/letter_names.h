#pragma once
/* What the codes and fields of the schema are called in a letter. */
#include "proto/field.h"

#include "proto/bytes.h"

/* "bank financial records", "United Nations Convention against ..."; a code of a newer schema is its number. */
enum fault letter_name_code(struct bytes *out, const ProtobufCEnumDescriptor *codes, int value) MUST_CHECK;
/* "Facts link"; of one value of a list: "Measure". */
enum fault letter_name_field(struct bytes *out, const char *field) MUST_CHECK;
enum fault letter_name_item(struct bytes *out, const char *field) MUST_CHECK;
