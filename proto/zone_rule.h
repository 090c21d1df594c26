#pragma once
/* The rule at a time zone's end, as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3".  Only zone.c includes this. */
#include <stdbool.h>
#include <stdint.h>

/* A day of the year and a time of it, in seconds, which may lie beyond the day (RFC 9636 3.3.1). */
struct zone_turn {
	enum { TURN_MONTH, TURN_JULIAN, TURN_DAY } form;	/* M3.5.0, J60 (29 February is never counted), 59 */
	int month, week, weekday, day;
	int32_t time;
};

/* Zeroed, it is UTC. */
struct zone_rule {
	int32_t standard, summer;		/* seconds east */
	bool has_summer;
	struct zone_turn begins, ends;
};

bool zone_rule_read(struct zone_rule *rule, const char *text);
/* Seconds east, then (seconds since 1970). */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds);
